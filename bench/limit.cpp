/// The limit: the benchmark models written by hand for speed alone, without any library, as a rival for the engine.
///
/// One program that does nothing else: a 4-ary heap of 16-byte events with times in floating point, a generator with
/// its state in registers, everything known to the compiler, built with -O3 -march=native. An engine that reads its
/// plant from a file, counts time in integers, draws by name and keeps statistics cannot be as fast; how near it comes
/// is the figure of merit.
///
///     limit W1 [CUSTOMERS]      M/M/1 at utilisation 0.9
///     limit W1L [CUSTOMERS]     the same by Lindley's recursion, without events
///     limit W2 [PENDING]        hold model on the heap
///     limit W2STD [PENDING]     hold model on std::priority_queue
///     limit W3 [MINUTES]        line of 20 unreliable machines
///     limit W3REC [MINUTES]     the same by recursion over departures, without events
///     limit W4 [OPERATIONS]     job shop of 100 machines, 5,000 lots, apparent tardiness cost
///     limit SNAP                copies of a running line
///     limit FUTURES [NUMBER]    copies of a running line, each given its own luck and run for 480 minutes
///
/// Each prints `RESULT engine=... w=... n=... wall=... check=...`: n items in `wall` seconds of CPU time, and the
/// answer.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <string>
#include <vector>

#include "exponential.hpp"

namespace {

using bench::exponential;
using bench::Generator;
using std::size_t;
using std::uint32_t;
using std::uint64_t;

struct Event {
  double time;
  uint32_t id;
  uint32_t kind;
};

struct Heap4 {
  std::vector<Event> h;

  [[nodiscard]] bool empty() const { return h.empty(); }
  void push(Event e) {
    size_t i = h.size();
    h.push_back(e);
    while (i > 0) {
      const size_t parent = (i - 1) >> 2;
      if (h[parent].time <= e.time) break;
      h[i] = h[parent];
      i = parent;
    }
    h[i] = e;
  }
  /// Puts `e` where the first event was.
  void sink(Event e) {
    Event* const a = h.data();
    const size_t n = h.size();
    size_t i = 0;
    for (;;) {
      const size_t c = 4 * i + 1;
      if (c >= n) break;
      size_t best = c;
      if (c + 3 < n) {
        const size_t x = a[c + 1].time < a[c].time ? c + 1 : c;
        const size_t y = a[c + 3].time < a[c + 2].time ? c + 3 : c + 2;
        best = a[y].time < a[x].time ? y : x;
      } else {
        for (size_t k = c + 1; k < n; ++k)
          if (a[k].time < a[best].time) best = k;
      }
      if (a[best].time >= e.time) break;
      a[i] = a[best];
      i = best;
    }
    a[i] = e;
  }
  Event pop() {
    const Event first = h[0];
    const Event last = h.back();
    h.pop_back();
    if (!h.empty()) sink(last);
    return first;
  }
};

struct Later {
  bool operator()(const Event& a, const Event& b) const { return a.time > b.time; }
};

/// CPU time, so that neighbours on the machine do not count.
double cpu_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void report(const char* engine, const std::string& work, uint64_t n, double seconds, double check) {
  std::printf("RESULT engine=%s w=%s n=%llu wall=%.6f check=%.5f\n", engine, work.c_str(),
              static_cast<unsigned long long>(n), seconds, check);
}

/// A queue of arrival times in a ring.
struct Ring {
  std::vector<double> b = std::vector<double>(1024);
  size_t head = 0, n = 0;

  void push(double x) {
    if (n == b.size()) {
      std::vector<double> larger(2 * n);
      for (size_t i = 0; i < n; ++i) larger[i] = b[(head + i) & (n - 1)];
      b.swap(larger);
      head = 0;
    }
    b[(head + n++) & (b.size() - 1)] = x;
  }
  double pop() {
    const double x = b[head];
    head = (head + 1) & (b.size() - 1);
    --n;
    return x;
  }
};

void mm1(uint64_t n) {
  Generator g(1);
  Heap4 q;
  Ring fifo;
  double sum = 0;
  double current = 0;
  uint64_t arrived = 0;
  uint64_t served = 0;
  bool busy = false;
  const double begin = cpu_seconds();
  q.push({exponential(g) / 0.9, 0, 0});
  while (!q.empty()) {
    const Event e = q.pop();
    if (e.kind == 0) {
      if (++arrived < n) q.push({e.time + exponential(g) / 0.9, 0, 0});
      if (busy) {
        fifo.push(e.time);
      } else {
        busy = true;
        current = e.time;
        q.push({e.time + exponential(g), 0, 1});
      }
    } else {
      sum += e.time - current;
      ++served;
      if (fifo.n > 0) {
        current = fifo.pop();
        q.push({e.time + exponential(g), 0, 1});
      } else {
        busy = false;
      }
    }
  }
  report("limit-heap", "W1", served, cpu_seconds() - begin, sum / static_cast<double>(served));
}

void mm1_recursion(uint64_t n) {
  Generator g(1);
  const double begin = cpu_seconds();
  double wait = 0;
  double sum = 0;
  for (uint64_t i = 0; i < n; ++i) {
    const double service = exponential(g);
    sum += wait + service;
    wait = std::max(0.0, wait + service - exponential(g) / 0.9);
  }
  report("limit-recursion", "W1", n, cpu_seconds() - begin, sum / static_cast<double>(n));
}

void hold(uint64_t pending, uint64_t holds) {
  Generator g(1);
  Heap4 q;
  q.h.reserve(pending);
  for (uint64_t i = 0; i < pending; ++i) q.push({exponential(g), static_cast<uint32_t>(i), 0});
  const auto step = [&] {
    Event e = q.h[0];
    const double time = e.time;
    e.time += exponential(g);
    q.sink(e);
    return time;
  };
  for (uint64_t i = 0; i < pending; ++i) step();
  const double begin = cpu_seconds();
  double last = 0;
  for (uint64_t i = 0; i < holds; ++i) last = step();
  report("limit-4heap", "W2:" + std::to_string(pending), holds, cpu_seconds() - begin, last);
}

void hold_std(uint64_t pending, uint64_t holds) {
  Generator g(1);
  std::priority_queue<Event, std::vector<Event>, Later> q;
  for (uint64_t i = 0; i < pending; ++i) q.push({exponential(g), static_cast<uint32_t>(i), 0});
  const auto step = [&] {
    Event e = q.top();
    q.pop();
    const double time = e.time;
    e.time += exponential(g);
    q.push(e);
    return time;
  };
  for (uint64_t i = 0; i < pending; ++i) step();
  const double begin = cpu_seconds();
  double last = 0;
  for (uint64_t i = 0; i < holds; ++i) last = step();
  report("limit-stdpq", "W2:" + std::to_string(pending), holds, cpu_seconds() - begin, last);
}

/// Machines in series with buffers between: exponential work of mean 1, failures at rate 1/100 while working, repair of
/// mean 5, the part kept and resumed, blocking after service, unlimited supply and demand.
struct Line {
  static constexpr uint32_t kMachines = 20;
  static constexpr int kPlaces = 5;
  enum Kind : uint32_t { kFinish, kFail, kRepaired };
  enum class Mode { kStarved, kBusy, kBlocked, kDown, kPassing };
  struct Machine {
    Mode mode = Mode::kStarved;
    double left = 0, life = 0;  ///< work left; work until the next failure
  };

  Machine m[kMachines];
  int buffer[kMachines + 1] = {};
  Heap4 q;
  Generator g{1};
  uint64_t done = 0, events = 0;

  void work(uint32_t i, double now) {
    Machine& x = m[i];
    x.mode = Mode::kBusy;
    if (x.left <= x.life) {
      q.push({now + x.left, i, kFinish});
    } else {
      x.left -= x.life;
      q.push({now + x.life, i, kFail});
    }
  }
  /// Machine i is free: it pulls a part if there is one, and what was blocked before it moves up.
  void take(uint32_t i, double now) {
    for (;;) {
      if (i > 0) {
        if (buffer[i] == 0) {
          m[i].mode = Mode::kStarved;
          return;
        }
        --buffer[i];
      }
      m[i].left = exponential(g);
      work(i, now);
      if (i == 0 || m[i - 1].mode != Mode::kBlocked) return;
      ++buffer[i];
      m[i - 1].left = 0;
      i = i - 1;
    }
  }
  void finish(uint32_t i, double now) {
    Machine& x = m[i];
    x.life -= x.left;
    if (i == kMachines - 1) {
      ++done;
      take(i, now);
    } else if (m[i + 1].mode == Mode::kStarved) {
      ++buffer[i + 1];
      x.mode = Mode::kPassing;
      take(i + 1, now);
      take(i, now);
    } else if (buffer[i + 1] < kPlaces) {
      ++buffer[i + 1];
      take(i, now);
    } else {
      x.mode = Mode::kBlocked;
    }
  }
  void begin() {
    for (Machine& x : m) x.life = 100 * exponential(g);
    m[0].left = exponential(g);
    work(0, 0);
  }
  void advance(double until) {
    while (q.h[0].time <= until) {
      const Event e = q.pop();
      ++events;
      if (e.kind == kFinish) {
        finish(e.id, e.time);
      } else if (e.kind == kFail) {
        m[e.id].mode = Mode::kDown;
        q.push({e.time + 5 * exponential(g), e.id, kRepaired});
      } else {
        m[e.id].life = 100 * exponential(g);
        work(e.id, e.time);
      }
    }
  }
};

void line(double minutes) {
  Line model;
  const double begin = cpu_seconds();
  model.begin();
  model.advance(minutes);
  report("limit-heap", "W3", model.done, cpu_seconds() - begin, static_cast<double>(model.done) / minutes);
  std::fprintf(stderr, "events %llu\n", static_cast<unsigned long long>(model.events));
}

void line_recursion(double minutes) {
  constexpr size_t kMachines = Line::kMachines;
  constexpr size_t kPlaces = Line::kPlaces;
  Generator g(1);
  std::vector<double> departure(kMachines, 0);
  std::vector<double> life(kMachines);
  for (double& x : life) x = 100 * exponential(g);
  // The last starts of each machine, in a ring.
  std::vector<std::vector<double>> starts(kMachines, std::vector<double>(kPlaces + 2, 0));
  uint64_t n = 0;
  const double begin = cpu_seconds();
  for (;; ++n) {
    double arrival = 0;
    for (size_t i = 0; i < kMachines; ++i) {
      const double start = std::max(arrival, departure[i]);
      starts[i][n % (kPlaces + 2)] = start;
      double work = exponential(g);
      double span = work;
      while (work > life[i]) {
        work -= life[i];
        span += 5 * exponential(g);
        life[i] = 100 * exponential(g);
      }
      life[i] -= work;
      double leaves = start + span;
      // A place frees when the part so many before it starts downstream.
      if (i + 1 < kMachines && n >= kPlaces + 1)
        leaves = std::max(leaves, starts[i + 1][(n - kPlaces) % (kPlaces + 2)]);
      departure[i] = leaves;
      arrival = leaves;
    }
    if (arrival > minutes) break;
  }
  report("limit-recursion", "W3", n, cpu_seconds() - begin, static_cast<double>(n) / minutes);
}

/// A job shop like that of bench/plants.py, of the same counts: routes over machines all different, each machine with
/// the same load from a lot of each product, exponential times in minutes, so many lots in circulation.
struct Shop {
  static constexpr uint32_t kMachines = 100, kProducts = 20, kSteps = 25, kLots = 5000;
  struct Step {
    uint32_t machine = 0;
    double mean = 0;
    double remaining = 0;  ///< work from here on
    double log_mean = 0;
  };
  struct Lot {
    uint32_t product = 0, step = 0;
    double due = 0;
  };
  /// What the rule asks of a lot that waits, side by side.
  struct Waiting {
    double latest, mean, log_mean;
    uint32_t lot;
  };

  std::vector<Step> route = std::vector<Step>(size_t{kProducts} * kSteps);
  double allowed[kProducts] = {};
  std::vector<Lot> lots = std::vector<Lot>(kLots);
  std::vector<Waiting> queue[kMachines];
  bool busy[kMachines] = {};
  Heap4 q;
  Generator g{1};
  uint64_t done = 0;

  Shop() {
    double load[kMachines] = {};
    for (size_t i = 0; i < route.size(); i += kMachines) {
      uint32_t order[kMachines];
      for (uint32_t m = 0; m < kMachines; ++m) order[m] = m;
      for (uint32_t m = kMachines - 1; m > 0; --m)
        std::swap(order[m], order[static_cast<uint32_t>(g.uniform() * (m + 1))]);
      for (uint32_t m = 0; m < kMachines; ++m) {
        route[i + m] = {order[m], 2 + 18 * g.uniform(), 0, 0};
        load[order[m]] += route[i + m].mean;
      }
    }
    const double share = 10.0 * kProducts * kSteps / kMachines;
    for (uint32_t p = 0; p < kProducts; ++p) {
      allowed[p] = 10.0 * kLots * kSteps / kMachines * (0.8 + 0.5 * g.uniform());
      double remaining = 0;
      for (uint32_t i = kSteps; i-- > 0;) {
        Step& step = route[p * kSteps + i];
        step.mean *= share / load[step.machine];
        step.remaining = remaining += step.mean;
        step.log_mean = std::log(step.mean);
      }
    }
    for (uint32_t l = 0; l < kLots; ++l) {  // at all steps of their routes
      const uint32_t product = l % kProducts;
      const uint32_t step = l / kProducts % kSteps;
      lots[l] = {product, step, allowed[product] * (1 - static_cast<double>(step) / kSteps)};
      arrive(l, 0);
    }
  }
  const Step& step_of(const Lot& lot) const { return route[lot.product * kSteps + lot.step]; }
  void start(uint32_t l, double now) { q.push({now + step_of(lots[l]).mean * exponential(g), l, 0}); }
  void arrive(uint32_t l, double now) {
    const Step& step = step_of(lots[l]);
    if (busy[step.machine]) {
      queue[step.machine].push_back({lots[l].due - step.remaining, step.mean, step.log_mean, l});
    } else {
      busy[step.machine] = true;
      start(l, now);
    }
  }
  /// The largest of exp(-slack / (2 mean)) / p, or the least of its logarithm.
  void take(uint32_t m, double now) {
    std::vector<Waiting>& waiting = queue[m];
    if (waiting.empty()) {
      busy[m] = false;
      return;
    }
    double mean = 0;
    for (const Waiting& w : waiting) mean += w.mean;
    const double scale = static_cast<double>(waiting.size()) / (2 * mean);
    size_t best = 0;
    double least = HUGE_VAL;
    for (size_t i = 0; i < waiting.size(); ++i) {
      const double index = std::max(0.0, waiting[i].latest - now) * scale + waiting[i].log_mean;
      if (index < least) {
        least = index;
        best = i;
      }
    }
    start(waiting[best].lot, now);
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(best));
  }
  double run(uint64_t operations) {
    double now = 0;
    while (done < operations) {
      const Event e = q.pop();
      now = e.time;
      ++done;
      Lot& lot = lots[e.id];
      const uint32_t machine = step_of(lot).machine;
      if (++lot.step == kSteps) lot = {lot.product, 0, now + allowed[lot.product]};
      arrive(e.id, now);
      take(machine, now);
    }
    return now;
  }
};

void shop(uint64_t operations) {
  Shop model;
  const double begin = cpu_seconds();
  const double minutes = model.run(operations);
  report("limit-heap", "W4", operations, cpu_seconds() - begin, static_cast<double>(operations) / minutes);
}

Line running_line() {
  Line model;
  model.begin();
  model.advance(1000);
  return model;
}

/// What forking a running model costs: one copy of the whole object, plain data and one vector.
void snapshot() {
  const Line model = running_line();
  constexpr uint64_t kCopies = 200'000;
  const double begin = cpu_seconds();
  double sum = 0;
  for (uint64_t i = 0; i < kCopies; ++i) {
    Line copy = model;
    sum += copy.q.h[0].time;
    asm volatile("" : : "g"(&copy) : "memory");
  }
  report("limit-copy", "SNAP", kCopies, cpu_seconds() - begin, sum / static_cast<double>(kCopies));
}

/// What is pending stays as drawn; as everything is exponential, later luck alone makes the futures differ.
void futures(uint64_t number) {
  const Line model = running_line();
  const double begin = cpu_seconds();
  uint64_t done = 0;
  for (uint64_t i = 0; i < number; ++i) {
    Line copy = model;
    copy.g = Generator(i + 2);
    copy.advance(1000 + 480);
    done += copy.done - model.done;
  }
  report("limit-heap", "FUTURES", number, cpu_seconds() - begin,
         static_cast<double>(done) / static_cast<double>(number) / 480);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string work = count > 1 ? arguments[1] : "W1";
  const uint64_t size = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 0;
  const auto or_else = [size](uint64_t usual) { return size > 0 ? size : usual; };
  if (work == "W1") {
    mm1(or_else(1'000'000));
  } else if (work == "W1L") {
    mm1_recursion(or_else(1'000'000));
  } else if (work == "W2") {
    hold(or_else(1000), 2'000'000);
  } else if (work == "W2STD") {
    hold_std(or_else(1000), 2'000'000);
  } else if (work == "W3") {
    line(static_cast<double>(or_else(100'000)));
  } else if (work == "W3REC") {
    line_recursion(static_cast<double>(or_else(100'000)));
  } else if (work == "W4") {
    shop(or_else(1'000'000));
  } else if (work == "SNAP") {
    snapshot();
  } else if (work == "FUTURES") {
    futures(or_else(1000));
  } else {
    std::fprintf(stderr, "limit: no work '%s'; allowed: W1, W1L, W2, W2STD, W3, W3REC, W4, SNAP, FUTURES\n",
                 work.c_str());
    return 2;
  }
  return 0;
}
