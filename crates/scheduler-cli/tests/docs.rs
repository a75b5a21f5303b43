//! What the documentation shows is so: files in it are accepted, command lines end as it says, what they print is what
//! stands there.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use scheduler_engine::doctor::Code;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The README and every page of docs/.
fn pages() -> Vec<String> {
    let files = fs::read_dir(root().join("docs")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<_> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    pages.sort_unstable();
    pages.push("README.md".into());
    pages
}

/// The fenced blocks of a language in a page.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

/// A command line in a page, and the exit code that a comment behind it gives.
#[derive(Debug)]
struct Line {
    words: Vec<String>,
    exit: i32,
}

impl Line {
    /// The command line that a line of shell begins with, or that stands behind a pipe. Whatever follows is the shell's.
    fn of(text: &str) -> Option<Self> {
        const PROGRAM: &str = "scheduler-cli ";
        let starts = [
            text.starts_with(PROGRAM).then_some(0),
            text.find("| scheduler-cli ").map(|at| at + 2),
        ];
        let rest = &text[starts.into_iter().flatten().next()? + PROGRAM.len()..];
        let exit = rest.split("# exit ").nth(1).map_or(0, |code| code[..1].parse().unwrap());
        Some(Self { words: words(rest), exit })
    }

    fn is_remote(&self) -> bool {
        self.words.iter().any(|word| word == "--stack" || word == "--table")
    }

    /// What it prints, and how it ends: beside files that pages speak of, and where no AWS answers.
    fn run(&self) -> (String, i32) {
        let output = Command::new(env!("CARGO_BIN_EXE_scheduler-cli"))
            .args(&self.words)
            .current_dir(desk())
            .envs([("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_MAX_ATTEMPTS", "1")])
            .envs([
                ("AWS_REGION", "eu-west-1"),
                ("AWS_ACCESS_KEY_ID", "id"),
                ("AWS_SECRET_ACCESS_KEY", "key"),
            ])
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(&output.stdout) + &text(&output.stderr), output.status.code().unwrap())
    }
}

/// The words of a command up to what ends it in a shell.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, '|' | '>' | '<' | ';' | '&' | ')') => break,
            (None, '#') if word.is_none() => break,
            (None, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_are_those_of_a_shell() {
    let line = Line::of("scheduler-cli run -q 'a[?b==`c d`]' --name '' > out  # exit 3").unwrap();
    assert_eq!((line.words.join("/"), line.exit), ("run/-q/a[?b==`c d`]/--name/".into(), 3));
    assert!(Line::of("cargo run -p scheduler-cli -- demo").is_none());
}

/// A folder with what command lines in pages read.
fn desk() -> PathBuf {
    let desk = Path::new(env!("CARGO_TARGET_TMPDIR")).join("desk");
    fs::create_dir_all(desk.join("examples")).unwrap();
    for (from, to) in [
        ("examples/schedules.yaml", "schedules.yaml"),
        ("examples/schedules.yaml", "examples/schedules.yaml"),
        ("examples/mistakes.yaml", "examples/mistakes.yaml"),
        ("crates/scheduler-cli/tests/data/holidays.ics", "holidays.ics"),
        ("crates/scheduler-cli/tests/data/instance-scheduler-3.json", "items.json"),
    ] {
        if !desk.join(to).exists() {
            fs::copy(root().join(from), desk.join(to)).unwrap();
        }
    }
    desk
}

/// Runs command lines and names those that do not end as they should: as their page says, or, where a deployment is
/// asked and none is there, with 4.
fn check(place: &str, lines: &[Line]) -> Vec<String> {
    let check = |line: &Line| {
        let (printed, exit) = line.run();
        let expected = if line.is_remote() { 4 } else { line.exit };
        let told = format!("{place}: {:?} ends with {exit}, not {expected}: {printed}", line.words);
        (exit != expected).then_some(told)
    };
    lines.iter().filter_map(check).collect()
}

#[test]
fn every_command_line_in_the_pages_ends_as_they_say() {
    desk();
    let check_page = |name: String| {
        let page = page(&name).replace("\\\n", " ");
        let text = blocks(&page, "sh").join("\n");
        let lines: Vec<_> = text.lines().filter_map(|line| Line::of(line.trim())).collect();
        (lines.len(), check(&name, &lines))
    };
    let threads: Vec<_> =
        pages().into_iter().map(|name| thread::spawn(move || check_page(name))).collect();
    let checked: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let wrong: Vec<_> = checked.iter().flat_map(|(_, wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked.iter().map(|(lines, _)| lines).sum::<usize>() > 15);
}

/// The commands, two words long where they have commands of their own.
fn commands() -> Vec<String> {
    let names = |of: &[&str]| -> Vec<String> {
        let (help, _) = Line {
            words: [of, &["--help"]].concat().iter().map(ToString::to_string).collect(),
            exit: 0,
        }
        .run();
        let list = help.split("Commands:\n").nth(1).unwrap_or_default();
        let lines = list.lines().take_while(|line| !line.is_empty());
        let heads =
            lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
        heads.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
    };
    let mut commands = Vec::new();
    for command in names(&[]) {
        let inner = names(&[&command]);
        match inner.is_empty() {
            true => commands.push(command),
            false => commands.extend(inner.iter().map(|inner| format!("{command} {inner}"))),
        }
    }
    commands.retain(|command| !command.ends_with("help"));
    commands
}

#[test]
fn every_example_in_the_help_is_accepted() {
    let commands = commands();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        let asked = Line { words: words(&format!("{command} --help")), exit: 0 };
        let help = asked.run().0.replace("\\\n", " ");
        assert!(help.lines().all(|line| line.chars().count() <= 200), "{help}");
        let examples =
            help.split("Example").nth(1).unwrap_or_else(|| panic!("{command} has no example"));
        let lines: Vec<_> = examples.lines().filter_map(|line| Line::of(line.trim())).collect();
        assert!(!lines.is_empty(), "{command} has no example");
        // A world of the demo's takes its time, and files that only an example has are not there: of those lines, what
        // stands before `--help` is looked at.
        for mut line in lines {
            if !line.is_remote() {
                line.words.push("--help".into());
            }
            let (printed, exit) = line.run();
            assert_ne!(exit, 2, "{:?}: {printed}", line.words);
        }
    }
}

/// `UPDATE_DOCS=1 cargo test --workspace --test docs` writes what is printed now into the page.
#[test]
fn the_page_on_the_command_line_shows_what_is_printed() {
    const FENCE: &str = "```console\n";
    let page = page("docs/cli.md");
    let mut parts = page.split(FENCE);
    let mut expected = parts.next().unwrap().to_owned();
    let mut wrong = Vec::new();
    for part in parts {
        let (block, rest) = part.split_once("```").unwrap();
        expected += FENCE;
        for typed in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let line = Line::of(typed).unwrap();
            let (printed, exit) = line.run();
            wrong.extend(
                (exit != line.exit).then(|| format!("{typed} ends with {exit}: {printed}")),
            );
            expected += &format!("$ {typed}\n{printed}");
        }
        expected += &format!("```{rest}");
    }
    assert_eq!(wrong, Vec::<String>::new());
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(root().join("docs/cli.md"), &expected).unwrap();
    } else {
        assert_eq!(page, expected, "UPDATE_DOCS=1 writes it anew");
    }
}

#[test]
fn every_command_is_in_the_page_on_the_command_line() {
    let page = page("docs/cli.md");
    for command in commands() {
        assert!(page.contains(&format!("`{command}`")), "{command} is not in the page");
    }
}

#[test]
fn every_finding_of_doctor_has_a_section() {
    let page = page("docs/doctor.md");
    let heads: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let mut codes: Vec<_> = Code::ALL.iter().map(|code| format!("`{code}`")).collect();
    let mut sorted = heads.clone();
    sorted.sort_unstable();
    codes.sort_unstable();
    assert_eq!(sorted, codes);
}

#[test]
fn every_file_in_the_page_on_schedules_is_accepted() {
    let page = page("docs/schedules.md");
    let blocks = blocks(&page, "yaml");
    assert!(blocks.len() >= 5, "the page has {} files", blocks.len());
    for (n, block) in blocks.iter().enumerate() {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("schedules-{n}.yaml"));
        fs::write(&file, block).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_scheduler-cli"))
            .arg("lint")
            .arg("--file")
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
