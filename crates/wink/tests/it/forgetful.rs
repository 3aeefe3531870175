//! A mutant: a server that remembers idempotency keys in memory only. It keeps every promise until it is killed.
//!
//! It stands before the real server, takes the keys away from it, and answers what it remembers by itself.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::hasty::message;

/// What one life of the server remembers: the body and the answer by whose key it was.
#[derive(Default)]
struct Memory {
    port: u16,
    answers: BTreeMap<(String, String), (String, String)>,
}

/// Listens for as long as the process lives, before the server whose port `server` holds; a new port is a new life.
pub(crate) fn listen(server: Arc<AtomicU16>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let memory = Arc::new(Mutex::new(Memory::default()));
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let (server, memory) = (server.clone(), memory.clone());
            // Ends when either side does.
            thread::spawn(move || drop(serve(client, &server, &memory)));
        }
    });
    address
}

fn serve(mut client: TcpStream, server: &AtomicU16, memory: &Mutex<Memory>) -> io::Result<()> {
    let mut requests = BufReader::new(client.try_clone()?);
    loop {
        let (head, body) = message(&mut requests)?;
        // One request at a time, as careful servers of this kind do.
        let mut memory = memory.lock().unwrap();
        let port = server.load(Ordering::SeqCst);
        if memory.port != port {
            *memory = Memory { port, ..Memory::default() };
        }
        let header = |name| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").to_owned();
        let key = (header("authorization: "), header("idempotency-key: "));
        let answer = match memory.answers.get(&key) {
            Some((asked, answer)) if *asked == body => answer.clone(),
            Some(_) => conflict(),
            None => {
                let without = head.replace(&format!("idempotency-key: {}\r\n", key.1), "");
                let mut server = TcpStream::connect(("127.0.0.1", port))?;
                server.write_all(format!("{without}{body}").as_bytes())?;
                let (head, answer) = message(&mut BufReader::new(server))?;
                memory.answers.insert(key, (body, format!("{head}{answer}")));
                format!("{head}{answer}")
            }
        };
        client.write_all(answer.as_bytes())?;
    }
}

fn conflict() -> String {
    let body = r#"{"code":"idempotency_key_reused"}"#;
    format!("HTTP/1.1 422 Unprocessable Content\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
