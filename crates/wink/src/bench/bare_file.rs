//! What a disk allows: callers that wait for their bytes to be on a bare file, with one sync for all that wait at a time.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::anyhow;

/// As many as are committed together at most.
const GROUP_MAX: usize = 256;

/// How many commits of so many bytes a bare file takes in a second, from so many callers with one outstanding each.
pub(super) fn commits_per_second(
    path: &Path,
    callers: usize,
    bytes: usize,
    lasting: Duration,
) -> anyhow::Result<f64> {
    let file = File::create(path)?;
    // So that a sync need not change the file's length.
    file.set_len(256 << 20)?;
    file.sync_all()?;
    let (sender, waiting) = sync_channel(callers);
    let began = Instant::now();
    let commits = thread::scope(|scope| {
        let writer = scope.spawn(move || write(file, &waiting, bytes));
        let asking: Vec<_> = (0..callers)
            .map(|_| {
                let sender = sender.clone();
                scope.spawn(move || ask(&sender, began, lasting))
            })
            .collect();
        drop(sender);
        let commits = asking.into_iter().map(|caller| caller.join().unwrap_or(0)).sum::<u32>();
        writer.join().map_err(|_| anyhow!("the writer panicked"))??;
        anyhow::Ok(commits)
    })?;
    let rate = f64::from(commits) / began.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate)
}

fn ask(sender: &SyncSender<SyncSender<()>>, began: Instant, lasting: Duration) -> u32 {
    let (answer, done) = sync_channel(1);
    let mut commits = 0;
    while began.elapsed() < lasting {
        if sender.send(answer.clone()).is_err() || done.recv().is_err() {
            break;
        }
        commits += 1;
    }
    commits
}

fn write(mut file: File, waiting: &Receiver<SyncSender<()>>, bytes: usize) -> std::io::Result<()> {
    let filler = vec![0xa5; bytes * GROUP_MAX];
    let mut group = Vec::with_capacity(GROUP_MAX);
    while let Ok(first) = waiting.recv() {
        group.push(first);
        group.extend(waiting.try_iter().take(GROUP_MAX - 1));
        file.write_all(filler.get(..bytes * group.len()).unwrap_or(&filler))?;
        file.sync_data()?;
        // Whoever is gone needs no answer.
        for answer in group.drain(..) {
            let _gone = answer.try_send(());
        }
    }
    Ok(())
}
