"""One suite of AWS requests and expected answers, asked of moto and of the sandbox alike."""
