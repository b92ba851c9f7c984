/// Runs independent tasks on threads so that the outcome does not depend on how many there are.
#pragma once
#include <atomic>
#include <functional>

namespace twin::study::detail {

struct Work {
  int threads = 0;  ///< 0: as many as the hardware runs
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(int done, int total)> progress = {};
};

/// Threads that `run` will use for `count` tasks. \throws InvalidArgument for a negative number
[[nodiscard]] int thread_count(int threads, int count);

/// Calls task(worker, index, stop) for each index in [0, count); each index writes only what is its own. A task should
/// return early once `stop` is true. `progress` and `cancel` are looked at from the calling thread, about every 20 ms.
/// \throws Cancelled  when cancelled before the last task was done; else what a task or `progress` threw
void run(int count, const Work& work,
         const std::function<void(int worker, int index, const std::atomic<bool>& stop)>& task);

/// CPU time of the calling thread so far.
[[nodiscard]] double thread_cpu_seconds() noexcept;

}  // namespace twin::study::detail
