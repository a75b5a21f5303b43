"""ministack as a process that cannot outlive us: prints its address first, and ends when its standard input closes.

Runs in an environment of its own packages, so it imports nothing of the tests.
"""

import os
import signal
import socket
import sys
import threading
import time
import urllib.request


def main(folder: str) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    os.environ |= {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        # What functions are told, which find it nowhere else.
        "AWS_ENDPOINT_URL": url,
        # Policies and trust are evaluated, as far as it knows how.
        "AUTH": "true",
        "TMPDIR": folder,
        "STATE_DIR": f"{folder}/state",
        "S3_DATA_DIR": f"{folder}/s3",
    }
    # What it prints is its log.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    threading.Thread(target=end_with_input, daemon=True).start()
    threading.Thread(target=tell_once_ready, args=(url, answers), daemon=True).start()
    from ministack.app import main as serve

    sys.argv = ["ministack"]
    serve()


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def end_with_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def tell_once_ready(url: str, answers) -> None:
    while True:
        try:
            urllib.request.urlopen(f"{url}/_ministack/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    print(url, file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
