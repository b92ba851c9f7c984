#include "../../libtwin/src/study/parallel_impl.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "twin/study/cancelled.hpp"

namespace twin::study::detail {
namespace {

TEST(Parallel, RunsEachTaskOnce) {
  for (const int threads : {1, 2, 7}) {
    std::vector<int> runs(100);
    run(100, {threads, nullptr, {}},
        [&](int, int index, const std::atomic<bool>&) { ++runs[static_cast<std::size_t>(index)]; });
    EXPECT_EQ(runs, std::vector<int>(100, 1));
  }
}

TEST(Parallel, GivesEachWorkerANumberOfItsOwn) {
  EXPECT_EQ(thread_count(8, 3), 3);
  EXPECT_GE(thread_count(0, 100), 1);
  EXPECT_EQ(thread_count(4, 0), 1);
  EXPECT_THROW((void)thread_count(-1, 3), InvalidArgument);
}

TEST(Parallel, RethrowsWhatATaskThrows) {
  for (const int threads : {1, 3}) {
    EXPECT_THROW(run(50, {threads, nullptr, {}},
                     [](int, int index, const std::atomic<bool>&) {
                       if (index == 20) throw std::out_of_range("twenty");
                     }),
                 std::out_of_range);
  }
}

TEST(Parallel, StopsWhenProgressThrows) {
  EXPECT_THROW(
      run(1000,
          {2, nullptr,
           [](int done, int) {
             if (done > 0) throw std::domain_error("interrupted");
           }},
          [](int, int, const std::atomic<bool>&) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }),
      std::domain_error);
}

TEST(Parallel, IsCancelledBeforeAndWhileItRuns) {
  std::atomic<bool> cancel{true};
  for (const int threads : {1, 2}) {
    EXPECT_THROW(run(10, {threads, &cancel, {}}, [](int, int, const std::atomic<bool>&) {}), Cancelled);
  }
  cancel = false;
  EXPECT_THROW(run(100000, {2, &cancel, {}},
                   [&](int, int index, const std::atomic<bool>& stop) {
                     if (index == 5) cancel = true;
                     while (index > 5 && !stop) std::this_thread::yield();
                   }),
               Cancelled);
}

TEST(Parallel, TellsProgressFromTheCallingThreadUpToTheEnd) {
  const auto caller = std::this_thread::get_id();
  int last = -1;
  run(20,
      {2, nullptr,
       [&](int done, int total) {
         EXPECT_EQ(std::this_thread::get_id(), caller);
         EXPECT_EQ(total, 20);
         EXPECT_GE(done, last);
         last = done;
       }},
      [](int, int, const std::atomic<bool>&) { std::this_thread::sleep_for(std::chrono::milliseconds(3)); });
  EXPECT_EQ(last, 20);
}

}  // namespace
}  // namespace twin::study::detail
