//! Just enough HTTP: one request per connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::orders::Shop;

/// The most bytes of a request, head and body.
const LONGEST: u64 = 16 * 1024;
/// How long a customer may take for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a customer wants.
pub struct Request {
    pub method: String,
    pub path: String,
    pub body: String,
}

/// What they get.
pub struct Response {
    pub status: u16,
    pub body: String,
}

/// Reads a request, answers it and writes it down. A panic on the way is this customer's alone: they get a 500.
pub fn answer(stream: &TcpStream, shop: &Shop) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = read(stream)?;
    let Request { method, path, .. } = &request;
    let response = catch_unwind(AssertUnwindSafe(|| shop.handle(&request)));
    let response = response
        .unwrap_or_else(|_| Response { status: 500, body: "something broke on our side\n".to_owned() });
    let status = response.status;
    if path != "/metrics" && path != "/healthz" {
        shop.metrics.count(status);
        let level = if status < 500 { "INFO" } else { "ERROR" };
        // In one piece, so that no other thread's words come between.
        let line = format!("{level} {method} {path} {status}\n");
        io::stderr().write_all(line.as_bytes())?;
    }
    write(stream, &response)
}

fn read(stream: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(stream.take(LONGEST));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err(io::Error::other("no request"));
    };
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;
    Ok(Request { method, path, body })
}

fn write(mut stream: &TcpStream, response: &Response) -> io::Result<()> {
    let Response { status, body } = response;
    let length = body.len();
    write!(stream, "HTTP/1.1 {status} -\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}
