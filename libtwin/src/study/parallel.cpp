#include <time.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "parallel_impl.hpp"
#include "twin/study/cancelled.hpp"

namespace twin::study::detail {
namespace {

/// What the workers and the caller share.
struct Board {
  explicit Board(int tasks) : count(tasks) {}
  const int count;
  std::atomic<int> next{0};
  std::atomic<int> done{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable left;  ///< a worker has ended
  int working = 0;               ///< guarded by mutex
  int failed_index = 0;          ///< guarded by mutex
  std::exception_ptr failure;    ///< guarded by mutex; of the smallest index that failed

  void fail(int index) {
    const std::scoped_lock lock(mutex);
    if (!failure || index < failed_index) {
      failure = std::current_exception();
      failed_index = index;
    }
    stop = true;
  }
};

using Task = std::function<void(int, int, const std::atomic<bool>&)>;

void work_off(Board& board, int worker, const Task& task, const std::atomic<bool>& stop) {
  while (!stop) {
    const int index = board.next.fetch_add(1);
    if (index >= board.count) return;
    try {
      task(worker, index, stop);
    } catch (...) {
      board.fail(index);
      return;
    }
    if (!stop) board.done.fetch_add(1);
  }
}

/// Waits for the workers, passing on cancellation and telling progress.
void watch(Board& board, const Work& work) {
  using namespace std::chrono_literals;
  for (int told = 0;;) {
    if (work.cancel && *work.cancel) board.stop = true;
    const int done = board.done;
    if (work.progress && done != told && done != board.count && !board.stop) work.progress(told = done, board.count);
    std::unique_lock lock(board.mutex);
    if (board.left.wait_for(lock, 20ms, [&board] { return board.working == 0; })) break;
  }
}

}  // namespace

int thread_count(int threads, int count) {
  if (threads < 0) {
    throw InvalidArgument("threads: " + std::to_string(threads) +
                          "; allowed: 0 (as many as the hardware runs) or more");
  }
  if (threads == 0) threads = static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(threads, 1, std::max(count, 1));
}

void run(int count, const Work& work, const Task& task) {
  Board board(count);
  board.stop = work.cancel && *work.cancel;
  const int threads = thread_count(work.threads, count);
  if (work.progress) work.progress(0, count);
  if (threads == 1 && !work.progress) {
    work_off(board, 0, task, work.cancel ? *work.cancel : board.stop);
  } else {
    board.working = threads;
    std::vector<std::jthread> pool;
    struct StopAtExit {  // when progress() throws, before the pool joins
      Board& board;
      ~StopAtExit() { board.stop = true; }
    } stop_at_exit{board};
    pool.reserve(static_cast<std::size_t>(threads));
    for (int worker = 0; worker < threads; ++worker) {
      pool.emplace_back([&board, &task, worker] {
        work_off(board, worker, task, board.stop);
        const std::scoped_lock lock(board.mutex);
        --board.working;
        board.left.notify_all();
      });
    }
    watch(board, work);
  }
  if (board.failure) std::rethrow_exception(board.failure);
  if (board.done != count) {
    throw Cancelled("cancelled after " + std::to_string(board.done) + " of " + std::to_string(count) + " runs");
  }
  if (work.progress) work.progress(count, count);
}

double thread_cpu_seconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace twin::study::detail
