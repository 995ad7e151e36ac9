//! What the machine says about a process, and what a process says about itself.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// Microseconds of processor time that a process has used.
///
/// # Errors
/// When it is gone.
pub fn cpu_us(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid}"))?;
    // After the name in brackets, which may hold anything: fields 14 and 15, in hundredths of a second.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 =
        rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks * 10_000.0)
}

/// MiB of memory that a process holds now, and held at most.
///
/// # Errors
/// When it is gone.
pub fn resident_mib(pid: u32) -> Result<(f64, f64)> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| format!("process {pid}"))?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default() / 1024.0
    };
    Ok((field("VmRSS:"), field("VmHWM:")))
}

/// The load of the last minute: what else this machine did.
pub fn load() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or_default()
}

/// Waits until a worker is ready; the time since `begin`.
///
/// # Errors
/// When it is not after a minute.
pub fn ready(port: u16, begin: Instant) -> Result<Duration> {
    while begin.elapsed() < Duration::from_secs(60) {
        if get(port, "/readyz").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            return Ok(begin.elapsed());
        }
        pause(5);
    }
    bail!("the worker on port {port} is not ready after a minute")
}

/// Milliseconds a worker spent on an event, in the mean.
///
/// # Errors
/// When it does not answer.
pub fn handling_ms(port: u16) -> Result<f64> {
    let text = get(port, "/metrics")?;
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().next_back().and_then(|value| value.parse::<f64>().ok()).unwrap_or_default()
    };
    Ok(1000.0 * value("switchyard_event_seconds_sum") / value("switchyard_event_seconds_count").max(1.0))
}

/// A worker's answer to a question over HTTP.
fn get(port: u16, path: &str) -> Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Waits a moment.
#[allow(clippy::disallowed_methods, reason = "waits for other processes, outside any async runtime")]
pub fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}
