//! The loopback front, over a real socket.

use chrono::{TimeZone, Utc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Effect, Fault, Sandbox, Server};

async fn stage() -> (Sandbox, Server) {
    let sandbox = Sandbox::new(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap());
    let server = Server::bind(sandbox.clone(), 0).await.unwrap();
    (sandbox, server)
}

/// One request on a connection of its own; whatever comes back until the other side closes.
async fn send(server: &Server, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let length = body.len();
    let request =
        format!("{head}\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn caller_identity(key: &str) -> String {
    let scope = format!("{key}/20260302/eu-west-1/sts/aws4_request");
    format!(
        "POST / HTTP/1.1\r\nauthorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    )
}

#[tokio::test]
async fn the_server_speaks_aws() {
    let (sandbox, server) = stage().await;
    let keys = sandbox.create_account("aws", "111111111111");
    let answer =
        send(&server, &caller_identity(&keys.access_key_id), "Action=GetCallerIdentity").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("<Arn>arn:aws:iam::111111111111:root</Arn>"), "{answer}");
    let answer = send(&server, "POST / HTTP/1.1", "Action=GetCallerIdentity").await;
    assert!(answer.contains("<Code>MissingAuthenticationToken</Code>"), "{answer}");
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection() {
    let (sandbox, server) = stage().await;
    let keys = sandbox.create_account("aws", "111111111111");
    sandbox.inject(Fault { times: Some(1), ..Fault::always(Effect::LoseAnswer) });
    let head = caller_identity(&keys.access_key_id);
    assert_eq!(send(&server, &head, "Action=GetCallerIdentity").await, "");
    assert!(send(&server, &head, "Action=GetCallerIdentity").await.contains("200 OK"));
}

#[tokio::test]
async fn the_sandbox_is_controlled_beside_aws() {
    let (sandbox, server) = stage().await;
    let account = r#"{"partition": "aws-cn", "account": "111111111111"}"#;
    let answer = send(&server, "PUT /_sandbox/account HTTP/1.1", account).await;
    assert!(answer.contains("\"access_key_id\":\"AKIA1111111111110000\""), "{answer}");

    send(&server, "PUT /_sandbox/clock HTTP/1.1", "2026-03-02T10:00:00+01:00").await;
    assert_eq!(sandbox.now(), Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap());

    send(&server, "PUT /_sandbox/clock HTTP/1.1", "+60").await;
    assert_eq!(sandbox.now(), Utc.with_ymd_and_hms(2026, 3, 2, 9, 1, 0).unwrap());

    let fault = r#"{"times": 1, "effect": {"error": {"status": 400, "code": "Throttling", "message": "m"}}}"#;
    let answer = send(&server, "POST /_sandbox/fault HTTP/1.1", fault).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    let head = caller_identity("AKIA1111111111110000").replace("eu-west-1", "cn-north-1");
    assert!(
        send(&server, &head, "Action=GetCallerIdentity").await.contains("<Code>Throttling</Code>")
    );
    assert!(
        send(&server, "GET /_sandbox/calls HTTP/1.1", "")
            .await
            .contains(r#""operation":"GetCallerIdentity","count":1"#)
    );
    assert!(send(&server, "GET /_sandbox/metrics HTTP/1.1", "").await.ends_with("[]"));

    let scarce =
        r#"{"resource": "m5.large", "effect": {"fall_back": {"code": "c", "message": "m"}}}"#;
    let answer = send(&server, "POST /_sandbox/fault HTTP/1.1", scarce).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");

    let lost = r#"{"resource": "0", "times": 1, "effect": "lose_messages"}"#;
    let twice = r#"{"times": 1, "effect": "duplicate_messages"}"#;
    for fault in [lost, twice] {
        let answer = send(&server, "POST /_sandbox/fault HTTP/1.1", fault).await;
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }

    let wrong = [
        (
            "PUT /_sandbox/account HTTP/1.1",
            r#"{"partition": "mars", "account": "111111111111"}"#,
            "400",
        ),
        ("PUT /_sandbox/clock HTTP/1.1", "noon", "400"),
        ("POST /_sandbox/fault HTTP/1.1", r#"{"effect": "explode"}"#, "400"),
        ("GET /_sandbox/nothing HTTP/1.1", "", "404"),
    ];
    for (head, body, status) in wrong {
        let answer = send(&server, head, body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {answer}");
    }
}

#[tokio::test]
async fn a_dropped_server_listens_no_more() {
    let (_, server) = stage().await;
    let address = server.address();
    drop(server);
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(address).await.is_err());
}
