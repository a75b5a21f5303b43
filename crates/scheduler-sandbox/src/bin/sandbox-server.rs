//! `sandbox-server [--port N]`: a sandbox on 127.0.0.1, until its standard input ends or it is killed.
//!
//! Prints one line, `http://127.0.0.1:PORT`, once it listens. Accounts are created, faults injected and the clock set
//! through `/_sandbox/`; until it is set, the clock is the machine's.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use scheduler_sandbox::{Sandbox, Server};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match port(&arguments).and_then(|port| run(port).map_err(|error| error.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nobody left to tell if this fails.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn port(arguments: &[String]) -> Result<u16, String> {
    match arguments {
        [] => Ok(0),
        [flag, port] if flag == "--port" => {
            port.parse().map_err(|_| format!("{port} is not a port"))
        }
        _ => Err("usage: sandbox-server [--port N]".to_owned()),
    }
}

fn run(port: u16) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let sandbox = Sandbox::new(wall_clock());
        sandbox.follow(wall_clock);
        let server = Server::bind(sandbox, port).await?;
        writeln!(io::stdout(), "{}", server.url())?;
        tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
        Ok(())
    })
}

fn wall_clock() -> DateTime<Utc> {
    SystemTime::now().into()
}
