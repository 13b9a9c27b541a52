// Tokio's server of the suite http: a task for each connection. How it is called, and what it
// answers: benchmarks/servers/server.h.
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const REPLY: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";

async fn reply_to(mut peer: TcpStream) {
    let mut bytes = [0u8; 4096];
    let mut used = 0;
    loop {
        match peer.read(&mut bytes[used..]).await {
            Ok(count) if count > 0 => used += count,
            _ => return,
        }
        let mut begin = 0;
        while let Some(end) = bytes[begin..used].windows(4).position(|four| four == b"\r\n\r\n") {
            begin += end + 4;
            if peer.write_all(REPLY).await.is_err() {
                return;
            }
        }
        bytes.copy_within(begin..used, 0);
        used -= begin;
        if used == bytes.len() {
            used = 0;
        }
    }
}

async fn echo(mut peer: TcpStream) {
    let mut bytes = vec![0u8; 64 * 1024];
    loop {
        match peer.read(&mut bytes).await {
            Ok(count) if count > 0 => {
                if peer.write_all(&bytes[..count]).await.is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}

async fn compute() {
    loop {
        let until = Instant::now() + Duration::from_millis(2);
        while Instant::now() < until {}
        tokio::task::yield_now().await;
    }
}

async fn serve(program: String, workers: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    if program == "mixed" {
        for _ in 0..workers {
            tokio::spawn(compute());
        }
    }
    loop {
        let (peer, _) = listener.accept().await.unwrap();
        peer.set_nodelay(true).unwrap();
        if program == "echo" {
            tokio::spawn(echo(peer));
        } else {
            tokio::spawn(reply_to(peer));
        }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let workers: usize = words[2].parse().unwrap();
    let host = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap();
    let program = words[1].clone();
    let serving = host.spawn(serve(program, workers));
    host.block_on(serving).unwrap();
}
