#include "twin/gateway/emulate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <span>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include "twin/base/error.hpp"
#include "twin/base/math.hpp"
#include "twin/sim/advance.hpp"
#include "twin/sim/recorder.hpp"
#include "twin/study/cancelled.hpp"

namespace twin::gateway {
namespace {

constexpr Tick kLongest = 3653 * kDay;

/// Items in the order in which they are told at one instant: what comes before how.
enum class Item : std::uint8_t { kPartType, kPart, kOperation, kPartCount, kStatus, kProgram, kBlock, kTool };
constexpr std::array<std::string_view, 8> kItemNames = {"Part_Type",    "Part_Id",        "Operation",
                                                        "Part_Count",   "Program_Status", "Program_Name_Running",
                                                        "Block_Number", "Current_Tool"};

/// A machine says something.
struct Said {
  Tick time = 0;
  Item item = Item::kStatus;
  std::string value;
};

/// Uniform numbers of one machine, lot or program for one purpose of the emulator: no draw of the engine is among them.
class Luck {
 public:
  Luck(std::uint64_t key, std::uint64_t entity, std::string_view purpose)
      : key_(key), stream_(hash_combine(entity, hash_name(purpose))) {}
  [[nodiscard]] double uniform(std::uint64_t index) const noexcept { return draw_uniform(key_, stream_, index); }
  [[nodiscard]] double normal(std::uint64_t index) const noexcept { return math::normal_quantile(uniform(index)); }

 private:
  std::uint64_t key_, stream_;
};

/// What runs for one step of a product: blocks with their shares of the time, and the tool of each.
struct Program {
  std::string name;
  std::vector<double> share;  ///< sums to 1
  std::vector<std::uint32_t> tool;
};

Program make_program(const PlantData& plant, const Parameters& parameters, std::uint32_t step, double block_s) {
  const StepData& data = plant.steps[step];
  const double mean_s = parameters.mean(plant.choices[data.first_choice].time);
  const auto blocks = static_cast<std::size_t>(std::clamp(std::round(mean_s / block_s), 4.0, 2000.0));
  const Luck luck(hash_name("emulate"), data.hash, "program");
  Program program;
  program.name = fmt::format("{}-{}.NC", plant.product_names[data.product.value], plant.step_names[step]);
  const std::size_t sections = std::min<std::size_t>(blocks, 1 + static_cast<std::size_t>(std::min(7.0, mean_s / 480)));
  double sum = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t section = b * sections / blocks;
    // Each tool has its pace; within it, blocks differ too.
    const double weight = math::exp(0.7 * luck.normal(section) + 0.4 * luck.normal(1000 + b));
    program.share.push_back(weight);
    program.tool.push_back(1 + static_cast<std::uint32_t>((section + mix64(data.hash) % 20) % 20));
    sum += weight;
  }
  for (double& share : program.share) share /= sum;
  return program;
}

/// An operation of the run, before it has names.
struct Work {
  OperationRecord record;
  bool completed = true;
  Tick total = kNever;  ///< of one in progress: its whole processing time
};

/// Lets one machine tell its story.
class Teller {
 public:
  /// \param options  with the end really used
  Teller(const PlantData& plant, const EmulateOptions& options) : data_(plant), options_(options) {
    say(0, Item::kPartCount, "0");
    say(0, Item::kStatus, "READY");
  }

  /// \param spans  conditions of the machine that meet [record.start, record.end], ascending
  void tell(const Work& work, std::span<const ConditionRecord> spans, const Program& program,
            std::vector<EmulatedOperation>& out) {
    const OperationRecord& record = work.record;
    const auto clip = [&](const ConditionRecord& span) {
      return std::pair(std::max(span.start, record.start), std::min(span.end, record.end));
    };
    const auto first = std::find_if(spans.begin(), spans.end(), [&](const ConditionRecord& span) {
      const auto [from, to] = clip(span);
      return span.condition == Condition::kWorking && to > from;
    });
    if (first == spans.end()) return;  // took no time, or its program has not started
    EmulatedOperation op = named(record);
    op.completed = work.completed;
    op.start = clip(*first).first;
    for (auto span = first; span != spans.end(); ++span) {
      const auto [from, to] = clip(*span);
      if (to <= from) continue;
      if (span->condition == Condition::kWorking) op.processing += std::min(to, options_.until) - from;
      if (span->condition == Condition::kDown || span->condition == Condition::kOff) ++op.interruptions;
    }
    const std::vector<Tick> blocks = block_times(record, program, std::min(work.total, kLongest), op);
    say(op.start, Item::kPartType, op.product);
    say(op.start, Item::kPart, op.part);
    say(op.start, Item::kOperation, op.operation);
    say(op.start, Item::kStatus, "ACTIVE");
    say(op.start, Item::kProgram, program.name);
    Tick processed = 0;
    std::size_t next = 0;
    bool is_running = true;
    for (auto span = first; span != spans.end(); ++span) {
      const auto [from, to] = clip(*span);
      if (to <= from) continue;
      if (span->condition != Condition::kWorking) {
        say(from, Item::kStatus, span->condition == Condition::kOff ? "PROGRAM_STOPPED" : "FEED_HOLD");
        is_running = false;
        continue;
      }
      if (!is_running) say(from, Item::kStatus, "ACTIVE");
      is_running = true;
      for (; next < blocks.size() && blocks[next] < processed + (to - from); ++next) {
        const Tick time = from + (blocks[next] - processed);
        say(time, Item::kBlock, std::to_string(next));
        if (next == 0 || program.tool[next] != program.tool[next - 1])
          say(time, Item::kTool, std::to_string(program.tool[next]));
      }
      processed += to - from;
    }
    if (op.completed) {
      say(op.end, Item::kPartCount, std::to_string(++count_));
      say(op.end, Item::kStatus, "PROGRAM_COMPLETED");
    }
    out.push_back(std::move(op));
  }

  [[nodiscard]] std::vector<Said> take() { return std::move(said_); }

 private:
  void say(Tick time, Item item, std::string value) { said_.push_back({time, item, std::move(value)}); }

  [[nodiscard]] EmulatedOperation named(const OperationRecord& record) const {
    EmulatedOperation op;
    op.part = lot_name(data_, record.source, record.serial);
    op.product = data_.product_names[data_.steps[record.step].product.value];
    op.operation = data_.step_names[record.step];
    op.machine = data_.machine_names[record.machine];
    op.order = record.source < data_.sources.size() ? data_.source_names[record.source]
                                                    : data_.order_names[record.source - data_.sources.size()];
    op.ready = record.ready;
    op.loaded = record.start;
    op.end = std::min(record.end, options_.until);
    return op;
  }

  /// Processing time at which each block of this run begins; the first at 0.
  [[nodiscard]] std::vector<Tick> block_times(const OperationRecord& record, const Program& program, Tick total,
                                              const EmulatedOperation& op) const {
    const std::uint64_t run = hash_combine(hash_of_source(data_, record.source) + data_.steps[record.step].hash,
                                           (record.serial << 16) | record.round);
    const Luck luck(draw_key(options_.seed, 0), run, "emulate block");
    std::vector<double> until{0};
    for (std::size_t b = 0; b < program.share.size(); ++b)
      until.push_back(until.back() + program.share[b] * math::exp(options_.block_noise * luck.normal(b)));
    const auto whole = static_cast<double>(op.completed ? op.processing : std::max(total, op.processing));
    std::vector<Tick> times;
    for (std::size_t b = 0; b + 1 < until.size(); ++b)
      times.push_back(static_cast<Tick>(whole * (until[b] / until.back())));
    return times;
  }

  const PlantData& data_;
  const EmulateOptions& options_;
  std::uint64_t count_ = 0;
  std::vector<Said> said_;
};

/// Removes what is said while there is no connection; each break begins with all items unavailable and ends with a
/// snapshot of them. \return lines lost
std::size_t break_connection(std::vector<Said>& said, const EmulateOptions& options, std::uint64_t machine, Tick end) {
  if (options.gaps <= 0) return 0;
  const Luck luck(draw_key(options.seed, 0), machine, "emulate gap");
  const double mean_s = seconds_from_ticks(options.mean_gap);
  std::array<std::string, kItemNames.size()> now;
  std::vector<Said> kept;
  std::size_t lost = 0;
  std::size_t i = 0;
  const auto pass = [&](Tick before, bool is_heard) {
    for (; i < said.size() && said[i].time < before; ++i) {
      now[static_cast<std::size_t>(said[i].item)] = said[i].value;
      if (is_heard) {
        kept.push_back(std::move(said[i]));
      } else {
        ++lost;
      }
    }
  };
  const auto tell_all = [&](Tick time, bool is_available) {
    for (std::size_t item = 0; item < now.size(); ++item)
      if (!now[item].empty())
        kept.push_back({time, static_cast<Item>(item), is_available ? now[item] : std::string("UNAVAILABLE")});
  };
  Tick time = 0;
  for (std::uint64_t gap = 0; i < said.size(); ++gap) {
    const double up_s = -mean_s * (1 - options.gaps) / options.gaps * math::log_complement(luck.uniform(2 * gap));
    const double down_s = -mean_s * math::log_complement(luck.uniform(2 * gap + 1));
    const Tick from = std::min(kNever, time + ticks_from_seconds(up_s));
    const Tick to = std::min(kNever, from + 1 + ticks_from_seconds(down_s));
    pass(from, true);
    if (from > end) continue;
    tell_all(from, false);
    pass(to, false);
    if (to <= end) tell_all(to, true);
    time = to;
  }
  said = std::move(kept);
  return lost;
}

/// Puts the lines of one machine into the order in which they come in.
void write_lines(const std::vector<Said>& said, const Plant& plant, std::uint32_t machine, Tick skew, Emulation& out) {
  const EmulateOptions& options = out.options;
  const std::uint64_t key = draw_key(options.seed, 0);
  const std::uint64_t hash = plant.data().machines[machine].hash;
  const Luck late(key, hash, "emulate late");
  const Luck twice(key, hash, "emulate duplicate");
  const auto max_late = static_cast<double>(options.max_late);
  struct Written {
    Tick written, stamp;
    std::size_t line;
  };
  std::vector<Written> order;
  std::uint64_t instant = 0;
  Tick delay = 0;
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (i == 0 || said[i].time != said[i - 1].time) {  // what is said at one instant comes in one piece
      delay =
          late.uniform(2 * instant) < options.late ? static_cast<Tick>(max_late * late.uniform(2 * instant + 1)) : 0;
      ++instant;
    }
    order.push_back({said[i].time + delay, said[i].time, i});
    if (twice.uniform(2 * i) < options.duplicates) {
      order.push_back({said[i].time + delay + static_cast<Tick>(max_late * twice.uniform(2 * i + 1)), said[i].time, i});
      ++out.duplicates;
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const Written& a, const Written& b) { return a.written < b.written; });
  Tick latest = INT64_MIN;
  for (const Written& w : order) {
    out.late += w.stamp < latest;
    latest = std::max(latest, w.stamp);
    const Said& line = said[w.line];
    out.lines.push_back({w.written, machine,
                         fmt::format("{}|{}|{}", format_wall_time(plant.wall(w.stamp + skew)),
                                     kItemNames[static_cast<std::size_t>(line.item)], line.value)});
  }
}

void check_share(const char* what, double value, double most) {
  if (!(value >= 0 && value <= most))
    throw InvalidArgument(fmt::format("emulate: {} is {}; allowed: 0 to {}", what, value, most));
}
void check_span(const char* what, Tick value, Tick least) {
  if (value < least || value > kDay)
    throw InvalidArgument(fmt::format("emulate: {} is {}; allowed: {} to 1 d", what, format_duration(Duration{value}),
                                      format_duration(Duration{least})));
}

/// Names become values of a log and names of files.
void check_names(const PlantData& plant) {
  const auto check = [](const std::vector<std::string>& names, const char* what, std::string_view bad) {
    for (const std::string& name : names)
      if (name.find_first_of(bad) != std::string::npos)
        throw InvalidArgument(fmt::format("emulate: the {} '{}' cannot be written to a log; allowed: names without {}",
                                          what, name, bad == "|" ? "'|'" : "'|' and '/'"));
  };
  check(plant.machine_names, "machine", "|/");
  check(plant.product_names, "product", "|");
  check(plant.step_names, "step", "|");
  check(plant.order_names, "order", "|");
}

/// Runs the plant up to the end asked for.
Tick run(const Plant& plant, const EmulateOptions& options, State& state, History& history) {
  Until until{.time = options.until < kNever ? options.until : plant.run().until, .cancel = options.cancel};
  if (until.time >= kNever) {
    if (state.open_orders == 0)
      throw InvalidArgument("emulate: no end: the plant has neither orders nor run.until; give until");
    until.orders_done = true;
    until.time = kLongest;
  }
  if (until.time <= 0)
    throw InvalidArgument(fmt::format("emulate: until is {}; allowed: after the plant's epoch {}",
                                      format_wall_time(plant.wall(until.time)), format_wall_time(plant.wall(0))));
  if (!advance(plant, plant.parameters(), state, until, &history)) throw study::Cancelled("emulate: cancelled");
  if (until.orders_done && state.open_orders > 0)
    throw InvalidArgument(
        fmt::format("emulate: {} ordered lots are still open after ten years; give until", state.open_orders));
  // What lasts at the end goes on past it, so that what begins at the end itself is told too.
  for (std::uint32_t m = 0; m < state.machines.size(); ++m)
    history.conditions.push_back({m, state.machines[m].condition, state.machines[m].since, state.now + 1});
  return state.now;
}

/// By machine and ascending start: the operations of a run, and those in progress, which end after it.
std::vector<std::vector<Work>> works_of(const State& state, const History& history) {
  std::vector<std::vector<Work>> works(state.machines.size());
  for (const OperationRecord& record : history.operations) works[record.machine].push_back({record, true, kNever});
  for (std::uint32_t m = 0; m < state.machines.size(); ++m) {
    const MachineState& machine = state.machines[m];
    if (machine.lot == kNone || machine.phase != Phase::kProcessing) continue;
    const Lot& lot = state.lots[machine.lot];
    works[m].push_back({{.source = lot.source,
                         .step = lot.step,
                         .machine = m,
                         .round = lot.round,
                         .serial = lot.serial,
                         .ready = lot.entered,
                         .start = machine.started,
                         .end = state.now + 1},
                        false,
                        machine.total});
  }
  return works;
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::ofstream open(const std::filesystem::path& path) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (!out) throw InvalidArgument("emulate: " + path.string() + " cannot be written");
  return out;
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out = open(path);
  out << text;
  out.close();
  if (!out) throw InvalidArgument("emulate: " + path.string() + " cannot be written");
}

/// Makes the folder; logs of another run in it would be taken for logs of this one.
void prepare(const std::filesystem::path& folder, const std::vector<std::string>& machines) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder, error))
    throw InvalidArgument(fmt::format("emulate: the folder {} cannot be made{}{}", folder.string(), error ? ": " : "",
                                      error ? error.message() : ""));
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::filesystem::path& file = entry->path();
    if (file.extension() != ".txt") continue;
    if (std::find(machines.begin(), machines.end(), file.stem().string()) == machines.end())
      throw InvalidArgument(
          fmt::format("emulate: the folder {} has the log {} of another run; allowed: a folder without",
                      folder.string(), file.filename().string()));
  }
  if (error)
    throw InvalidArgument(fmt::format("emulate: the folder {} cannot be listed: {}", folder.string(), error.message()));
}

/// Waits for the instants of the floor, looking up from time to time.
class Clock {
 public:
  using Now = std::chrono::steady_clock;
  explicit Clock(double speed) : speed_(speed) {}

  template <class LookUp>
  void wait_for(Tick time, LookUp look_up) {
    const auto due = start_ + std::chrono::duration_cast<Now::duration>(
                                  std::chrono::duration<double>(seconds_from_ticks(time) / speed_));
    for (auto now = Now::now(); now < due; now = Now::now()) {
      look_up();
      std::this_thread::sleep_for(std::min<Now::duration>(due - now, std::chrono::milliseconds(50)));
    }
  }

 private:
  double speed_;
  Now::time_point start_ = Now::now();
};

}  // namespace

Emulation emulate(const Plant& plant, const EmulateOptions& options) {
  check_share("late", options.late, 1);
  check_share("duplicates", options.duplicates, 1);
  check_share("gaps", options.gaps, 0.9);
  check_share("block_noise", options.block_noise, 1);
  check_span("max_late", options.max_late, 0);
  check_span("mean_gap", options.mean_gap, kSecond);
  check_span("max_skew", options.max_skew, 0);
  if (!(options.block_s > 0))
    throw InvalidArgument(fmt::format("emulate: block_s is {}; allowed: above 0", options.block_s));
  const PlantData& data = plant.data();
  check_names(data);

  State state = State::initial(plant, options.seed);
  History history;
  Emulation out;
  out.options = options;
  out.end = out.options.until = run(plant, options, state, history);

  std::vector<Program> programs;
  for (std::uint32_t s = 0; s < data.steps.size(); ++s)
    programs.push_back(make_program(data, plant.parameters(), s, options.block_s));
  std::vector<std::vector<ConditionRecord>> conditions(data.machines.size());
  for (const ConditionRecord& span : history.conditions) conditions[span.machine].push_back(span);
  const auto works = works_of(state, history);
  for (std::uint32_t m = 0; m < data.machines.size(); ++m) {
    Teller teller(data, out.options);
    const auto& spans = conditions[m];
    std::size_t first = 0;
    for (const Work& work : works[m]) {
      while (first < spans.size() && spans[first].end <= work.record.start) ++first;
      std::size_t last = first;
      while (last < spans.size() && spans[last].start < work.record.end) ++last;
      teller.tell(work, std::span(spans).subspan(first, last - first), programs[work.record.step], out.operations);
    }
    std::vector<Said> said = teller.take();
    out.lost += break_connection(said, options, data.machines[m].hash, out.end);
    const Luck luck(draw_key(options.seed, 0), data.machines[m].hash, "emulate clock");
    out.clock_skew.push_back(static_cast<Tick>((2 * luck.uniform(0) - 1) * static_cast<double>(options.max_skew)));
    write_lines(said, plant, m, out.clock_skew.back(), out);
  }
  std::stable_sort(out.lines.begin(), out.lines.end(),
                   [](const EmulatedLine& a, const EmulatedLine& b) { return a.written < b.written; });
  std::stable_sort(out.operations.begin(), out.operations.end(), [](const auto& a, const auto& b) {
    return std::tie(a.start, a.machine) < std::tie(b.start, b.machine);
  });
  for (std::size_t o = 0; o < data.orders.size(); ++o) {
    const OrderState& order = state.orders[o];
    out.order_finish.push_back(order.open() == 0 ? order.finish : kNever);
  }
  return out;
}

std::string truth_csv(const Plant& plant, const Emulation& emulation) {
  const auto wall = [&](Tick t) { return format_wall_time(plant.wall(t)); };
  std::string text = "part,product,operation,machine,start,end,outcome,interruptions,processing_s,loaded,ready,order\n";
  for (const EmulatedOperation& op : emulation.operations)
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_field(op.part), csv_field(op.product),
                        csv_field(op.operation), csv_field(op.machine), wall(op.start), wall(op.end),
                        op.completed ? "completed" : "in_progress", op.interruptions, seconds_from_ticks(op.processing),
                        wall(op.loaded), wall(op.ready), csv_field(op.order));
  return text;
}

std::string truth_json(const Plant& plant, const Emulation& emulation) {
  const PlantData& data = plant.data();
  const Parameters& parameters = plant.parameters();
  const EmulateOptions& options = emulation.options;
  const auto seconds = [](Tick t) { return fmt::format("{}", seconds_from_ticks(t)); };
  const auto object = [](const std::vector<std::pair<std::string, std::string>>& entries, const char* indent) {
    std::string text = "{";
    for (const auto& [key, value] : entries)
      text += fmt::format("{}\n{}  {}: {}", text.size() > 1 ? "," : "", indent, json_text(key), value);
    return entries.empty() ? text + "}" : text + "\n" + indent + "}";
  };
  std::vector<std::pair<std::string, std::string>> distributions, branches, speeds, skews, orders;
  for (std::uint32_t d = 0; d < data.distribution_paths.size(); ++d)
    distributions.emplace_back(data.distribution_paths[d],
                               json_text(parameters.distribution(DistributionId{d}).text()));
  for (std::size_t b = 0; b < data.branch_paths.size(); ++b)
    branches.emplace_back(data.branch_paths[b], fmt::format("{}", parameters.branch_probability[b]));
  for (std::size_t m = 0; m < data.machine_names.size(); ++m) {
    speeds.emplace_back(data.machine_names[m], fmt::format("{}", parameters.speed[m]));
    skews.emplace_back(data.machine_names[m], seconds(emulation.clock_skew[m]));
  }
  for (std::size_t o = 0; o < data.order_names.size(); ++o) {
    const Tick finish = emulation.order_finish[o];
    orders.emplace_back(data.order_names[o],
                        finish < kNever ? json_text(format_wall_time(plant.wall(finish))) : "null");
  }
  return object({{"plant", json_text(data.name)},
                 {"digest", json_text(fmt::format("{:016x}", plant.digest()))},
                 {"seed", fmt::format("{}", options.seed.value)},
                 {"begin", json_text(format_wall_time(plant.wall(0)))},
                 {"end", json_text(format_wall_time(plant.wall(emulation.end)))},
                 {"operations", fmt::format("{}", emulation.operations.size())},
                 {"orders", object(orders, "  ")},
                 {"defects", object({{"late", fmt::format("{}", options.late)},
                                     {"max_late_s", seconds(options.max_late)},
                                     {"duplicates", fmt::format("{}", options.duplicates)},
                                     {"gaps", fmt::format("{}", options.gaps)},
                                     {"mean_gap_s", seconds(options.mean_gap)},
                                     {"max_skew_s", seconds(options.max_skew)}},
                                    "  ")},
                 {"lines", object({{"written", fmt::format("{}", emulation.lines.size())},
                                   {"late", fmt::format("{}", emulation.late)},
                                   {"duplicates", fmt::format("{}", emulation.duplicates)},
                                   {"lost", fmt::format("{}", emulation.lost)}},
                                  "  ")},
                 {"clock_skew_s", object(skews, "  ")},
                 {"distributions", object(distributions, "  ")},
                 {"branches", object(branches, "  ")},
                 {"speeds", object(speeds, "  ")}},
                "") +
         "\n";
}

void write_emulation(const Plant& plant, const Emulation& emulation, const std::filesystem::path& folder,
                     const WriteOptions& options) {
  if (!(options.speed >= 0))
    throw InvalidArgument(fmt::format("emulate: speed is {}; allowed: 0 (at once) or more", options.speed));
  const auto& machines = plant.data().machine_names;
  prepare(folder, machines);
  write_text(folder / "truth.csv", truth_csv(plant, emulation));
  write_text(folder / "truth.json", truth_json(plant, emulation));
  std::vector<std::ofstream> logs;
  logs.reserve(machines.size());
  for (const std::string& machine : machines) logs.push_back(open(folder / (machine + ".txt")));
  Clock clock(options.speed);
  const int total = static_cast<int>(std::min<std::size_t>(emulation.lines.size(), INT32_MAX));
  int done = 0;
  const auto look_up = [&] {
    for (std::ofstream& log : logs) log.flush();
    study::check_cancelled(options.cancel, "emulate");
    if (options.progress) options.progress(done, total);
  };
  for (const EmulatedLine& line : emulation.lines) {
    if (options.speed > 0) clock.wait_for(line.written, look_up);
    logs[line.machine] << line.text << '\n';
    if (done < total && (++done & 0xfff) == 0) look_up();
  }
  look_up();
  for (std::size_t m = 0; m < logs.size(); ++m) {
    logs[m].close();
    if (!logs[m])
      throw InvalidArgument("emulate: " + (folder / (machines[m] + ".txt")).string() + " cannot be written");
  }
}

}  // namespace twin::gateway
