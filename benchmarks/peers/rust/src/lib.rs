// What the programs of this package share: how they are called and what they print
// (benchmarks/peer_process.h).
use std::time::{Duration, Instant};

// The row, the number of workers, and for about how long to repeat it.
pub fn arguments() -> (String, usize, Duration) {
    let words: Vec<String> = std::env::args().collect();
    assert!(words.len() == 4, "usage: PROGRAM ROW WORKERS SECONDS");
    let seconds = words[3].parse().unwrap();
    (words[1].clone(), words[2].parse().unwrap(), Duration::from_secs_f64(seconds))
}

fn process_cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

pub struct Meter {
    operations: usize,
    seconds: Duration,
}

impl Meter {
    pub fn new(operations: usize, seconds: Duration) -> Meter {
        Meter { operations, seconds }
    }

    // Prints what one operation takes, where `program` does all of them once.
    pub fn run(&self, program: impl Fn()) {
        program();
        let cpu = process_cpu_time();
        let wall = Instant::now();
        let mut times = 0;
        while times == 0 || wall.elapsed() < self.seconds {
            program();
            times += 1;
        }
        let all = (times * self.operations) as f64;
        let wall_ns = wall.elapsed().as_nanos() as f64 / all;
        let cpu_ns = (process_cpu_time() - cpu).as_nanos() as f64 / all;
        println!("{{\"wall_ns\": {wall_ns}, \"cpu_ns\": {cpu_ns}}}");
    }
}

pub fn print_latencies(mut times: Vec<Duration>) {
    times.sort();
    let mean = times.iter().sum::<Duration>().as_nanos() as f64 / times.len() as f64;
    let at = |share: f64| times[(share * (times.len() - 1) as f64) as usize].as_nanos() as f64 / 1e3;
    let (median, p99) = (at(0.5), at(0.99));
    println!("{{\"wall_ns\": {mean}, \"median_us\": {median}, \"p99_us\": {p99}}}");
}
