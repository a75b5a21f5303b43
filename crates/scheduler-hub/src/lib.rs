//! The Lambda function: event in, pass, summary out
