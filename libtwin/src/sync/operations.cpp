#include "twin/sync/operations.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <regex>
#include <tuple>
#include <unordered_set>

#include "twin/base/error.hpp"
#include "twin/base/hash.hpp"
#include "twin/study/cancelled.hpp"

namespace twin::sync {
namespace {

/// One value that plays a role.
struct Event {
  Tick time;
  Role role;
  std::string_view value;
};

/// What was known by some instant about one job or one machine: events by role, and when anything at all was said.
struct Stream {
  Ticket ticket;
  std::string source;
  std::vector<Event> events;
  std::vector<Tick> times;  ///< of all observations
  std::size_t pieces = 0;
};

/// Looks up now and then whether the inference is to stop.
class Poll {
 public:
  explicit Poll(const std::atomic<bool>* cancel) : cancel_(cancel) {}
  void operator()() const { study::check_cancelled(cancel_, "infer_operations"); }
  void operator()(std::size_t i) const {
    if ((i & 0xffffU) == 0) (*this)();
  }

 private:
  const std::atomic<bool>* cancel_;
};

bool says_nothing(std::string_view value) { return value.empty() || same_word(value, "UNAVAILABLE"); }

void add_log(Stream& stream, const JobLog& job, const Rules& rules, std::optional<Tick> until, Poll poll) {
  const ObservationLog& log = job.log;
  std::vector<int> role(log.items.size(), -1);
  for (std::size_t i = 0; i < role.size(); ++i) {
    for (std::size_t r = 0; r < kRoleCount && role[i] < 0; ++r) {
      if (rules.plays(static_cast<Role>(r), log.items[i])) role[i] = static_cast<int>(r);
    }
  }
  const std::size_t n = until ? log.count_until(*until) : log.observations.size();
  for (std::size_t i = 0; i < n; ++i) {
    poll(i);
    const Observation& o = log.observations[i];
    stream.times.push_back(o.time);
    if (role[o.item] >= 0) stream.events.push_back({o.time, static_cast<Role>(role[o.item]), log.value(o)});
  }
  if (stream.pieces++ == 0) {
    stream.ticket = job.ticket;
    stream.source = log.source;
  }
}

/// Pieces of one log, or daily files that repeat each other's ends: in order of time, and each fact once.
void merge_pieces(Stream& stream, Poll poll) {
  if (stream.pieces < 2) return;
  poll();
  std::stable_sort(stream.events.begin(), stream.events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  poll();
  std::sort(stream.times.begin(), stream.times.end());
  const auto same = [](const Event& a, const Event& b) { return a.role == b.role && a.value == b.value; };
  const auto hash = [](const Event& e) {
    return static_cast<std::size_t>(hash_combine(hash_name(e.value), static_cast<std::uint64_t>(e.role)));
  };
  std::unordered_set<Event, decltype(hash), decltype(same)> seen(64, hash,
                                                                 same);  // at one instant, where they are many
  constexpr std::size_t kMany = 32;
  auto& events = stream.events;
  std::size_t keep = 0;
  for (std::size_t i = 0; i < events.size();) {
    std::size_t end = i + 1;
    while (end < events.size() && events[end].time == events[i].time) ++end;
    const auto first = events.begin() + static_cast<std::ptrdiff_t>(keep);
    const bool is_many = end - i > kMany;
    if (is_many) seen = decltype(seen)(64, hash, same);
    for (; i < end; ++i) {
      poll(i);
      const auto kept = events.begin() + static_cast<std::ptrdiff_t>(keep);
      const bool is_new = is_many ? seen.insert(events[i]).second
                                  : std::none_of(first, kept, [&](const Event& e) { return same(e, events[i]); });
      if (is_new) events[keep++] = events[i];
    }
  }
  events.resize(keep);
}

/// A stretch of a stream that is one operation.
struct Stretch {
  std::size_t first = 0, last = 0;  ///< events [first, last)
  Tick first_seen = 0, last_seen = 0;
  bool may_continue = false;  ///< nothing says that it has ended, other than that the log does
};

void append(std::vector<Interval>& list, Tick begin, Tick end) {
  if (end <= begin) return;
  if (!list.empty() && list.back().end == begin) {
    list.back().end = end;
  } else {
    list.push_back({begin, end});
  }
}

std::string tool_name(std::string_view value) {
  if (const auto number = parse_number(value); number && *number == std::floor(*number) && std::abs(*number) < 1e9) {
    return *number == 0 ? std::string() : std::to_string(static_cast<long>(*number));
  }
  return std::string(value);
}

/// Walks through an operation and fills in its times, tools, programs and blocks.
class Walk {
 public:
  Walk(Operation& op, const Rules& rules, Poll poll) : op_(op), rules_(rules), poll_(poll) {}

  void run(const Stream& stream, const Stretch& stretch, bool has_active) {
    status_ = has_active ? Status::kIgnored : Status::kActive;
    std::size_t e = stretch.first;
    for (; e < stretch.last && stream.events[e].time < op_.start; ++e) {
      if (stream.events[e].role == Role::kProgram) program_before_ = stream.events[e].value;
    }
    now_ = op_.start;
    auto time = std::lower_bound(stream.times.begin(), stream.times.end(), op_.start);
    while (time != stream.times.end() && *time <= op_.end) {
      poll_(static_cast<std::size_t>(time - stream.times.begin()));
      pass_to(*time);
      for (; e < stretch.last && stream.events[e].time == *time; ++e) take(stream.events[e]);
      time = std::upper_bound(time, stream.times.end(), *time);
    }
    pass_to(op_.end);
    if (op_.programs.empty() && !says_nothing(program_before_)) op_.programs.emplace_back(program_before_);
  }

 private:
  void pass_to(Tick time) {
    const Activity activity = status_ != Status::kActive                           ? Activity::kInterrupted
                              : rules_.silence > 0 && time - now_ > rules_.silence ? Activity::kStalled
                                                                                   : Activity::kProcessing;
    if (time > now_) {
      auto& list = activity == Activity::kProcessing ? op_.processing
                   : activity == Activity::kStalled  ? op_.stalled
                                                     : op_.interrupted;
      append(list, now_, time);
      if (activity == Activity::kProcessing) processed_ += time - now_;
      if (activity != op_.activity) {
        op_.activity = activity;
        op_.activity_since = now_;
      }
    }
    now_ = time;
  }

  void take(const Event& event) {
    switch (event.role) {
      case Role::kProgramStatus: {
        const Status status = rules_.status(event.value);
        if (status == Status::kIgnored) break;
        op_.status = event.value;
        status_ = status;
        if (status != Status::kActive) was_interrupted_ = true;
        break;
      }
      case Role::kProgram:
        if (!says_nothing(event.value) && (op_.programs.empty() || op_.programs.back() != event.value)) {
          op_.programs.emplace_back(event.value);
        }
        break;
      case Role::kTool:
        if (std::string tool = says_nothing(event.value) ? std::string() : tool_name(event.value);
            !tool.empty() && std::find(op_.tools.begin(), op_.tools.end(), tool) == op_.tools.end()) {
          op_.tools.push_back(std::move(tool));
        }
        break;
      case Role::kBlock:
        if (const auto block = parse_number(event.value); block && *block >= 0) mark(*block);
        break;
      default:
        break;
    }
  }

  void mark(double block) {
    // A loop or a subprogram jumps back while the program runs; a restart comes after the program had stopped.
    if (was_interrupted_ && status_ == Status::kActive) {
      if (block < 0.5 * highest_) {
        ++passes_;
        highest_ = 0;
      }
      was_interrupted_ = false;
    }
    highest_ = std::max(highest_, block);
    op_.blocks.push_back({now_, processed_, block, passes_});
  }

  Operation& op_;
  const Rules& rules_;
  Poll poll_;
  Status status_ = Status::kIgnored;
  Tick now_ = 0, processed_ = 0;
  bool was_interrupted_ = false;
  std::uint32_t passes_ = 0;
  double highest_ = 0;
  std::string_view program_before_;
};

/// When the stretch began: its first active status, else its first observation.
Tick start_of(const Stream& stream, const Stretch& stretch, const Rules& rules, bool* has_active) {
  for (std::size_t i = stretch.first; i < stretch.last; ++i) {
    const Event& e = stream.events[i];
    if (e.role == Role::kProgramStatus && rules.status(e.value) == Status::kActive) {
      *has_active = true;
      return e.time;
    }
  }
  *has_active = false;
  return stretch.first_seen;
}

Operation make_operation(const Stream& stream, const Stretch& stretch, const Rules& rules,
                         const InferOptions& options) {
  const Poll poll(options.cancel);
  poll();
  Operation op;
  op.source = stream.source;
  op.first_seen = stretch.first_seen;
  op.last_seen = stretch.last_seen;
  bool has_active = false;
  op.start = start_of(stream, stretch, rules, &has_active);
  std::optional<Tick> completion;
  bool reopened = false;
  for (std::size_t i = stretch.first; i < stretch.last; ++i) {
    const Event& e = stream.events[i];
    if (e.role != Role::kProgramStatus || e.time < op.start) continue;
    const Status status = rules.status(e.value);
    if (status == Status::kCompleted) {
      completion = e.time;
      reopened = false;
    } else if (status == Status::kActive) {
      reopened = completion.has_value();
    }
  }
  const bool goes_on = stretch.may_continue && options.until.has_value();
  if (goes_on && (!completion || reopened)) {
    op.outcome = Outcome::kInProgress;
    op.end = *options.until;
  } else if (completion) {
    op.end = *completion;
  } else {
    op.outcome = Outcome::kNoCompletion;
    op.end = std::max(op.start, stretch.last_seen);
  }
  for (std::size_t i = stretch.first; i < stretch.last; ++i) {
    const Event& e = stream.events[i];
    const bool is_within = e.time >= op.start && e.time <= op.end;
    if (e.role != Role::kProgramStatus || !(is_within || rules.count_whole_log)) continue;
    op.interruptions += rules.status(e.value) == Status::kInterruption;
  }
  op.activity_since = op.start;
  Walk(op, rules, poll).run(stream, stretch, has_active);
  if (op.outcome != Outcome::kInProgress) {
    op.activity = Activity::kEnded;
    op.activity_since = op.end;
  }
  return op;
}

/// Product and number as the rules read them out of a part's name; the whole name where they do not match.
std::string product_of(const std::string& part, const Rules& rules) {
  if (rules.part_pattern.text().empty() || part.size() > 255) return part;
  std::smatch match;
  const std::regex expression(rules.part_pattern.expression(), std::regex::ECMAScript | std::regex::icase);
  if (!std::regex_match(part, match, expression)) return part;
  const auto& groups = rules.part_pattern.groups();
  const auto at = std::find(groups.begin(), groups.end(), "product");
  return at == groups.end() ? part : match[static_cast<std::size_t>(at - groups.begin()) + 1].str();
}

/// Cuts a continuous log into operations.
class Cutter {
 public:
  Cutter(const Stream& stream, const Rules& rules, const InferOptions& options, std::vector<Operation>& out)
      : stream_(stream), rules_(rules), options_(options), out_(out) {}

  void run() {
    const Poll poll(options_.cancel);
    for (std::size_t i = 0; i < stream_.events.size(); ++i) {
      poll(i);
      const Event& e = stream_.events[i];
      switch (e.role) {
        case Role::kPart:
          identify(part_, e, i);
          break;
        case Role::kProduct:
          identify(product_, e, i);
          break;
        case Role::kOperation:
          identify(operation_, e, i);
          break;
        case Role::kProgram:
          if (!says_nothing(e.value)) program_ = e.value;
          break;
        case Role::kProgramStatus: {
          const Status status = rules_.status(e.value);
          if (status == Status::kActive && !open_) {
            open(i);
          } else if (status == Status::kCompleted && open_) {
            std::size_t last = i + 1;
            while (last < stream_.events.size() && stream_.events[last].time == e.time &&
                   stream_.events[last].role != Role::kProgramStatus && stream_.events[last].role < Role::kPart) {
              ++last;
            }
            close(last, e.time, false);
          }
          break;
        }
        default:
          break;
      }
    }
    if (open_) close(stream_.events.size(), stream_.times.back(), true);
  }

 private:
  void open(std::size_t i) {
    open_ = true;
    first_ = i;
    opened_at_ = stream_.events[i].time;
    program_at_open_ = program_;
  }

  /// A name was told. While an operation runs, another name means another operation, unless it has only just begun.
  void identify(std::string& name, const Event& event, std::size_t i) {
    const std::string value = says_nothing(event.value) ? std::string() : std::string(event.value);
    if (value == name) return;
    if (open_ && !value.empty() && event.time - opened_at_ > rules_.identity_within) {
      close(i, event.time, false);
      name = value;
      if (status_before(i) == Status::kActive) open(i);  // it never stopped: the next one has begun
      return;
    }
    if (!open_ || !value.empty()) name = value;
  }

  Status status_before(std::size_t i) const {
    while (i-- > 0) {
      if (stream_.events[i].role != Role::kProgramStatus) continue;
      if (const Status s = rules_.status(stream_.events[i].value); s != Status::kIgnored) return s;
    }
    return Status::kIgnored;
  }

  void close(std::size_t last, Tick last_seen, bool may_continue) {
    open_ = false;
    Operation op = make_operation(stream_, {first_, last, opened_at_, last_seen, may_continue}, rules_, options_);
    op.start = std::min(op.start, opened_at_);
    if (op.programs.empty() && !program_at_open_.empty()) op.programs.push_back(program_at_open_);
    op.machine = stream_.ticket.machine;
    op.part = part_;
    op.product = product_;
    op.operation = operation_;
    if (op.operation.empty())
      op.operation = !stream_.ticket.operation.empty() ? stream_.ticket.operation : rules_.default_operation;
    if (op.part.empty()) {
      // Nobody says which part it was: number the runs of each program on this machine.
      const std::string program = !op.programs.empty() ? op.programs.back()
                                  : op.product.empty() ? op.machine
                                                       : op.product;
      if (op.product.empty()) op.product = program;
      const int n = ++runs_[program];
      op.part = program + (n < 10 ? "-0" : "-") + std::to_string(n);
    }
    if (op.product.empty()) op.product = product_of(op.part, rules_);
    out_.push_back(std::move(op));
  }

  const Stream& stream_;
  const Rules& rules_;
  const InferOptions& options_;
  std::vector<Operation>& out_;
  bool open_ = false;
  std::size_t first_ = 0;
  Tick opened_at_ = 0;
  std::string part_, product_, operation_, program_, program_at_open_;
  std::map<std::string, int, std::less<>> runs_;
};

Tick sum(const std::vector<Interval>& list) {
  Tick total = 0;
  for (const Interval& i : list) total += i.length();
  return total;
}

}  // namespace

const char* outcome_name(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::kCompleted:
      return "completed";
    case Outcome::kNoCompletion:
      return "no_completion_event";
    case Outcome::kInProgress:
      return "in_progress";
  }
  return "?";
}

Tick Operation::processing_time() const noexcept { return sum(processing); }
Tick Operation::interrupted_time() const noexcept { return sum(interrupted); }
Tick Operation::stalled_time() const noexcept { return sum(stalled); }

std::vector<Operation> infer_operations(std::span<const JobLog> logs, const Rules& rules, const InferOptions& options) {
  std::map<std::tuple<std::string, std::string, std::string>, Stream> streams;  // machine, part, operation
  const Poll poll(options.cancel);
  for (const JobLog& job : logs) {
    poll();
    const bool is_job = job.ticket.is_operation();
    add_log(streams[{job.ticket.machine, is_job ? job.ticket.part : "", is_job ? job.ticket.operation : ""}], job,
            rules, options.until, poll);
  }
  std::map<std::string, Tick> last_start;  // by machine: the latest job begun by `until`
  std::vector<std::pair<const Stream*, Stretch>> jobs;
  std::vector<Operation> operations;
  for (auto& [key, stream] : streams) {
    if (stream.times.empty()) continue;
    merge_pieces(stream, poll);
    if (!stream.ticket.is_operation()) {
      Cutter(stream, rules, options, operations).run();
      continue;
    }
    const Stretch all{0, stream.events.size(), stream.times.front(), stream.times.back(), true};
    bool has_active = false;
    const Tick start = start_of(stream, all, rules, &has_active);
    const auto at = last_start.try_emplace(stream.ticket.machine, start).first;
    at->second = std::max(at->second, start);
    jobs.emplace_back(&stream, all);
  }
  for (auto& [stream, stretch] : jobs) {
    stretch.may_continue = last_start[stream->ticket.machine] <= stretch.last_seen;
    Operation op = make_operation(*stream, stretch, rules, options);
    op.part = stream->ticket.part;
    op.product = stream->ticket.product.empty() ? product_of(op.part, rules) : stream->ticket.product;
    op.operation = stream->ticket.operation;
    op.machine = stream->ticket.machine;
    operations.push_back(std::move(op));
  }
  std::sort(operations.begin(), operations.end(), [](const Operation& a, const Operation& b) {
    return std::tie(a.start, a.machine, a.part, a.operation) < std::tie(b.start, b.machine, b.part, b.operation);
  });
  return operations;
}

}  // namespace twin::sync
