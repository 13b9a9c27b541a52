// Tokio beside magpie: the programs of the suites spawn, yield, timers, channel, mutex, timeout,
// cpu_hop and wake. Each does what the head of benchmarks/SUITE.cc says, with Tokio's own means.
// How it is called: benchmarks/peer_process.h.
use std::sync::Arc;
use std::time::{Duration, Instant};

use peers::{print_latencies, Meter};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, Mutex};
use tokio::task::JoinHandle;

async fn nothing() {}

async fn join_all(tasks: usize) {
    let handles: Vec<JoinHandle<()>> = (0..tasks).map(|_| tokio::spawn(nothing())).collect();
    for handle in handles {
        handle.await.unwrap();
    }
}

async fn one_by_one(tasks: usize) {
    for _ in 0..tasks {
        tokio::spawn(nothing()).await.unwrap();
    }
}

async fn take_turns(tasks: usize, yields: usize) {
    let handles: Vec<JoinHandle<()>> = (0..tasks)
        .map(|_| {
            tokio::spawn(async move {
                for _ in 0..yields / tasks {
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for handle in handles {
        handle.await.unwrap();
    }
}

async fn sleep_1_to_10_ms(sleepers: u64) {
    let handles: Vec<JoinHandle<()>> = (0..sleepers)
        .map(|i| {
            let time = Duration::from_nanos(1_000_000 + 90 * (i * 7919 % sleepers));
            tokio::spawn(tokio::time::sleep(time))
        })
        .collect();
    for handle in handles {
        handle.await.unwrap();
    }
}

async fn ping_pong(round_trips: usize) {
    let (ping, mut pinged) = mpsc::channel::<usize>(1);
    let (pong, mut ponged) = mpsc::channel::<usize>(1);
    let other = tokio::spawn(async move {
        while let Some(value) = pinged.recv().await {
            pong.send(value).await.unwrap();
        }
    });
    let first = tokio::spawn(async move {
        for i in 0..round_trips {
            ping.send(i).await.unwrap();
            ponged.recv().await.unwrap();
        }
    });
    first.await.unwrap();
    other.await.unwrap();
}

async fn bounded(producers: usize, items: usize) {
    let (sender, mut receiver) = mpsc::channel::<usize>(1024);
    for _ in 0..producers {
        let mine = sender.clone();
        tokio::spawn(async move {
            for i in 0..items / producers {
                mine.send(i).await.unwrap();
            }
        });
    }
    drop(sender);
    tokio::spawn(async move { while receiver.recv().await.is_some() {} }).await.unwrap();
}

async fn unbounded(producers: usize, items: usize) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<usize>();
    for _ in 0..producers {
        let mine = sender.clone();
        tokio::spawn(async move {
            for i in 0..items / producers {
                mine.send(i).unwrap();
            }
        });
    }
    drop(sender);
    tokio::spawn(async move { while receiver.recv().await.is_some() {} }).await.unwrap();
}

async fn lock_often(tasks: usize, locks: usize) {
    let mutex = Arc::new(Mutex::new(0usize));
    let handles: Vec<JoinHandle<()>> = (0..tasks)
        .map(|_| {
            let mine = mutex.clone();
            tokio::spawn(async move {
                for _ in 0..locks / tasks {
                    *mine.lock().await += 1;
                }
            })
        })
        .collect();
    for handle in handles {
        handle.await.unwrap();
    }
}

async fn timeout_ready(times: usize) {
    for _ in 0..times {
        tokio::time::timeout(Duration::from_secs(1), nothing()).await.unwrap();
    }
}

async fn through_blocking(round_trips: usize) {
    for _ in 0..round_trips {
        tokio::task::spawn_blocking(|| 1).await.unwrap();
    }
}

fn wake(runtime: &Runtime) {
    let mut latencies = Vec::new();
    for _ in 0..2000 {
        std::thread::sleep(Duration::from_micros(100));
        let (ended, wait) = std::sync::mpsc::sync_channel(1);
        let called = Instant::now();
        runtime.spawn(async move {
            ended.send(Instant::now()).unwrap();
        });
        latencies.push(wait.recv().unwrap() - called);
    }
    print_latencies(latencies);
}

fn main() {
    let (row, workers, seconds) = peers::arguments();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_time()
        .build()
        .unwrap();
    let meter = |operations: usize| Meter::new(operations, seconds);
    // What is measured runs in a spawned task: the thread of block_on() is no worker.
    macro_rules! measure {
        ($operations:expr, $program:expr) => {
            meter($operations).run(|| runtime.block_on(async { tokio::spawn($program).await.unwrap() }))
        };
    }
    match row.as_str() {
        "spawn/join_all/tokio" => measure!(1000, join_all(1000)),
        "spawn/join_million/tokio" => measure!(1_000_000, join_all(1_000_000)),
        "spawn/one_by_one/tokio" => measure!(1000, one_by_one(1000)),
        "yield/alone/tokio" => measure!(100_000, take_turns(1, 100_000)),
        "yield/two_tasks/tokio" => measure!(100_000, take_turns(2, 100_000)),
        "yield/thousand_tasks/tokio" => measure!(100_000, take_turns(1000, 100_000)),
        "timers/sleep_1_to_10_ms/tokio" => measure!(100_000, sleep_1_to_10_ms(100_000)),
        "channel/ping_pong/tokio" => measure!(20_000, ping_pong(10_000)),
        "channel/bounded_1_1/tokio" => measure!(100_000, bounded(1, 100_000)),
        "channel/bounded_4_1/tokio" => measure!(100_000, bounded(4, 100_000)),
        "channel/unbounded_1_1/tokio" => measure!(100_000, unbounded(1, 100_000)),
        "channel/unbounded_4_1/tokio" => measure!(100_000, unbounded(4, 100_000)),
        "mutex/free/tokio" => measure!(100_000, lock_often(1, 100_000)),
        "mutex/contended/tokio" => measure!(100_000, lock_often(100, 100_000)),
        "timeout/ready/tokio" => measure!(10_000, timeout_ready(10_000)),
        "cpu_hop/blocking/tokio" => measure!(100, through_blocking(100)),
        "wake/spawn/tokio" => wake(&runtime),
        _ => panic!("no such row: {row}"),
    }
}
