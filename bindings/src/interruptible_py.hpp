/// Long calls: without the GIL, with progress, stopped by Ctrl-C.
///
/// Python's signal handlers run on its main thread only, and only when it asks. So there the work goes to a thread of
/// its own, and the main thread looks after signals and progress meanwhile. Called from any other thread, the work is
/// done in place, since no signal can reach it.
#pragma once
#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "bindings_py.hpp"

namespace twin::python {

using Progress = std::function<void(int, int)>;

/// What the working thread and the one that watches over it share.
class Watch {
 public:
  explicit Watch(py::object progress) : progress_(std::move(progress)) {}

  [[nodiscard]] const std::atomic<bool>* cancel() const noexcept { return &cancel_; }
  /// Empty when nobody wants to be told. What it is told is handed on by `tell`.
  [[nodiscard]] Progress progress() {
    if (progress_.is_none()) return {};
    return [this](int done, int total) {
      total_ = total;
      done_ = done;
    };
  }

  void finished() {
    {
      const std::scoped_lock lock(mutex_);
      finished_ = true;
    }
    ended_.notify_all();
  }
  [[nodiscard]] bool wait() {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, std::chrono::milliseconds(50), [this] { return finished_; });
  }
  void wait_for_end() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return finished_; });
  }
  void stop() noexcept { cancel_ = true; }

  /// With the GIL: passes on what has been done. \throws what the callable throws
  void tell() {
    const int done = done_;
    if (progress_.is_none() || done == told_) return;
    told_ = done;
    progress_(done, total_.load());
  }

 private:
  py::object progress_;
  std::atomic<bool> cancel_{false};
  std::atomic<int> done_{0}, total_{0};
  int told_ = -1;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool finished_ = false;
};

/// Runs `work(cancel, progress)` and returns what it returns.
/// \param progress  Python callable (done, total), or None; called on the calling thread, may raise to stop
/// \throws error_already_set  a signal handler raised (KeyboardInterrupt), or `progress` did; else what `work` throws
template <class Work>
auto interruptible(py::object progress, Work work) -> std::invoke_result_t<Work, const std::atomic<bool>*, Progress> {
  using Result = std::invoke_result_t<Work, const std::atomic<bool>*, Progress>;
  Watch watch(std::move(progress));
  if (!on_main_thread() && watch.progress() == nullptr) {
    const py::gil_scoped_release release;
    return work(watch.cancel(), Progress{});
  }

  std::conditional_t<std::is_void_v<Result>, bool, std::optional<Result>> result{};
  std::exception_ptr failure;
  std::thread thread([&] {
    try {
      if constexpr (std::is_void_v<Result>) {
        work(watch.cancel(), watch.progress());
      } else {
        result.emplace(work(watch.cancel(), watch.progress()));
      }
    } catch (...) {
      failure = std::current_exception();
    }
    watch.finished();
  });

  std::exception_ptr interrupted;
  while (true) {
    bool ended = false;
    {
      const py::gil_scoped_release release;
      ended = watch.wait();
    }
    if (ended) break;
    try {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      watch.tell();
    } catch (...) {
      interrupted = std::current_exception();
      watch.stop();
      const py::gil_scoped_release release;
      watch.wait_for_end();
      break;
    }
  }
  {
    const py::gil_scoped_release release;
    thread.join();
  }
  if (interrupted) std::rethrow_exception(interrupted);
  if (failure) std::rethrow_exception(failure);
  watch.tell();
  if constexpr (!std::is_void_v<Result>) return std::move(*result);
}

}  // namespace twin::python
