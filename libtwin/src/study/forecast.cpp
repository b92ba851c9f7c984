#include "twin/study/forecast.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_set>

#include "names_impl.hpp"
#include "parallel_impl.hpp"
#include "twin/base/error.hpp"
#include "twin/study/simulate.hpp"

namespace twin::study {
namespace {

/// Which column stands for what: lots, then operations in work, then orders, then everything ordered.
class Columns {
 public:
  Columns(const PlantData& plant, const State& state, bool all_lots) : plant_(plant) {
    by_source_.resize(plant.sources.size() + plant.orders.size());
    add_ordered(state);
    if (all_lots) add_others(state);
    operation_.assign(plant.machines.size(), kNone);
    for (std::uint32_t m = 0; m < plant.machines.size(); ++m) {
      const MachineState& machine = state.machines[m];
      if (machine.phase != Phase::kSetup && machine.phase != Phase::kProcessing) continue;
      if (!all_lots && state.lots[machine.lot].source < plant.sources.size()) continue;
      operation_[m] = add("operation." + plant.machine_names[m] + ".finish");
    }
    if (plant.orders.empty()) return;
    first_order_ = static_cast<std::uint32_t>(names_.size());
    for (const std::string& order : plant.order_names) add(order + ".finish");
    add("order.finish");
  }

  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  [[nodiscard]] std::uint32_t of_operation(std::uint32_t machine) const noexcept { return operation_[machine]; }
  [[nodiscard]] std::uint32_t of_lot(std::uint32_t source, std::uint64_t serial) const noexcept {
    const std::vector<LotColumn>& lots = by_source_[source];
    const auto found = std::ranges::lower_bound(lots, serial, {}, &LotColumn::serial);
    return found != lots.end() && found->serial == serial ? found->column : kNone;
  }

  /// Orders as they stand at the end of a future.
  void note_orders(const State& end, std::span<Tick> row) const noexcept {
    if (plant_.orders.empty()) return;
    Tick last = 0;
    for (std::size_t o = 0; o < plant_.orders.size(); ++o) {
      const OrderState& order = end.orders[o];
      const bool done = order.open() == 0;
      row[first_order_ + o] = done ? order.finish : kNever;
      last = std::max(last, row[first_order_ + o]);
    }
    row[first_order_ + plant_.orders.size()] = last;
  }

 private:
  struct LotColumn {
    std::uint64_t serial;
    std::uint32_t column;
  };

  std::uint32_t add(std::string name) {
    names_.push_back(std::move(name));
    return static_cast<std::uint32_t>(names_.size() - 1);
  }
  void add_lot(std::uint32_t source, std::uint64_t serial) {
    by_source_[source].push_back({serial, add(lot_name(plant_, source, serial) + ".finish")});
  }

  /// Serials of the lots of each source that are in the plant, ascending.
  [[nodiscard]] std::vector<std::vector<std::uint64_t>> lots_in(const State& state) const {
    std::vector<std::vector<std::uint64_t>> serials(by_source_.size());
    for (const Lot& lot : state.lots) {
      if (lot.place != Place::kFree && lot.whole == kNone) serials[lot.source].push_back(lot.serial);
    }
    for (auto& of_source : serials) std::ranges::sort(of_source);
    return serials;
  }
  /// Open lots of orders; a lone lot has its order's name and column.
  void add_ordered(const State& state) {
    const auto serials = lots_in(state);
    for (std::uint32_t o = 0; o < plant_.orders.size(); ++o) {
      if (plant_.orders[o].quantity == 1) continue;
      const auto source = static_cast<std::uint32_t>(plant_.sources.size()) + o;
      for (const std::uint64_t serial : serials[source]) add_lot(source, serial);
      for (std::uint64_t s = state.orders[o].released; s < plant_.orders[o].quantity; ++s) add_lot(source, s);
    }
  }
  void add_others(const State& state) {
    const auto serials = lots_in(state);
    for (std::uint32_t source = 0; source < plant_.sources.size(); ++source) {
      for (const std::uint64_t serial : serials[source]) add_lot(source, serial);
    }
  }

  const PlantData& plant_;
  std::vector<std::string> names_;
  std::vector<std::vector<LotColumn>> by_source_;  ///< ascending serial
  std::vector<std::uint32_t> operation_;           ///< by machine
  std::uint32_t first_order_ = kNone;
};

/// Writes the instants of one future into its row.
class FinishRecorder final : public Recorder {
 public:
  FinishRecorder(const Columns& columns, std::span<Tick> row) : columns_(columns), row_(row) {}

  void on_operation(const OperationRecord& record) override { note(columns_.of_operation(record.machine), record.end); }
  void on_lot(const LotRecord& record) override { note(columns_.of_lot(record.source, record.serial), record.finish); }

 private:
  /// The first time counts: a machine's later operations are not the one now in work.
  void note(std::uint32_t column, Tick time) noexcept {
    if (column != kNone && row_[column] == kNever) row_[column] = time;
  }

  const Columns& columns_;
  std::span<Tick> row_;
};

Until end_of(const Plant& plant, const State& state, const ForecastOptions& options) {
  if (options.horizon <= 0) {
    throw InvalidArgument("forecast: horizon is " + format_duration(Duration{options.horizon}) +
                          "; allowed: more than 0, or kNever for until all orders have left");
  }
  Until until;
  until.orders_done = options.horizon >= kNever;
  if (until.orders_done && state.open_orders == 0) {
    throw InvalidArgument("forecast: horizon is not given, and no order is open at " +
                          format_wall_time(plant.wall(state.now)) + "; allowed: a span to look ahead");
  }
  const Tick span = until.orders_done ? kLongestRun : options.horizon;
  until.time = span < kNever - state.now ? state.now + span : kNever - 1;
  return until;
}

/// Which figures of `measure` a forecast keeps: those that are no instants.
std::vector<std::size_t> kept_metrics(const std::vector<Metric>& all, const std::vector<std::string>& names) {
  const std::unordered_set<std::string_view> instants(names.begin(), names.end());
  std::vector<std::size_t> kept;
  for (std::size_t m = 0; m < all.size(); ++m) {
    if (!instants.contains(all[m].name)) kept.push_back(m);
  }
  return kept;
}

struct Totals {
  std::uint64_t events = 0, history = 0;
  double cpu_s = 0;
};

}  // namespace

bool Forecast::has(std::string_view name) const noexcept { return std::ranges::find(names, name) != names.end(); }

std::size_t Forecast::index(std::string_view name) const {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) throw InvalidArgument(detail::unknown_name("forecast", "instant", name, names));
  return static_cast<std::size_t>(found - names.begin());
}

std::vector<Tick> Forecast::instants_of(std::string_view name) const {
  const std::size_t column = index(name);
  std::vector<Tick> out(static_cast<std::size_t>(futures));
  for (std::size_t f = 0; f < out.size(); ++f) out[f] = instants[f * names.size() + column];
  return out;
}

std::vector<double> Forecast::sample(std::string_view name) const {
  std::vector<double> out(static_cast<std::size_t>(futures));
  if (has(name)) {
    const std::size_t column = index(name);
    for (std::size_t f = 0; f < out.size(); ++f) {
      const Tick instant = instants[f * names.size() + column];
      out[f] = instant < kNever ? seconds_from_ticks(instant - now) : std::numeric_limits<double>::infinity();
    }
    return out;
  }
  const auto found = std::ranges::find(metrics, name, &Metric::name);
  if (found == metrics.end()) {
    std::vector<std::string> known = names;
    for (const Metric& metric : metrics) known.push_back(metric.name);
    throw InvalidArgument(detail::unknown_name("forecast", "instant or figure", name, known));
  }
  const auto column = static_cast<std::size_t>(found - metrics.begin());
  for (std::size_t f = 0; f < out.size(); ++f) out[f] = values[f * metrics.size() + column];
  return out;
}

Tick Forecast::quantile(std::string_view name, double p) const {
  std::vector<Tick> sorted = instants_of(name);
  std::ranges::sort(sorted);
  const double at = std::clamp(p, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const double part = at - static_cast<double>(below);
  const Tick low = sorted[below];
  if (part == 0 || low == kNever) return low;
  const Tick high = sorted[below + 1];
  return high == kNever ? kNever : low + static_cast<Tick>(part * static_cast<double>(high - low));
}

Tick Forecast::mean(std::string_view name) const {
  Wide sum = 0;
  for (const Tick instant : instants_of(name)) {
    if (instant == kNever) return kNever;
    sum += instant;
  }
  return static_cast<Tick>(sum / futures);
}

double Forecast::probability_before(std::string_view name, Tick t) const {
  const std::vector<Tick> column = instants_of(name);
  const auto happened = std::ranges::count_if(column, [t](Tick instant) { return instant < kNever && instant <= t; });
  return static_cast<double>(happened) / static_cast<double>(futures);
}

Forecast forecast(const Plant& plant, const Parameters& parameters, const State& state,
                  const ForecastOptions& options) {
  return forecast(plant, std::span(&parameters, 1), state, options);
}

Forecast forecast(const Plant& plant, std::span<const Parameters> parameters, const State& state,
                  const ForecastOptions& options) {
  if (options.futures < 1) {
    throw InvalidArgument("forecast: futures is " + std::to_string(options.futures) + "; allowed: 1 or more");
  }
  if (parameters.empty()) throw InvalidArgument("forecast: no parameters; allowed: one set or more");
  check_plant(plant, state, "forecast");
  for (const Parameters& each : parameters) check_parameters(plant, each);
  const Until until = end_of(plant, state, options);
  const bool by_recursion = runs_by_recursion(plant, &state, options.method, "forecast");
  const Columns columns(plant.data(), state, !until.orders_done);
  const std::vector<Metric> all_metrics = metrics(plant);
  const std::vector<std::size_t> kept = kept_metrics(all_metrics, columns.names());

  Forecast out;
  out.now = state.now;
  out.horizon = until.time;
  out.futures = options.futures;
  out.method = by_recursion ? Method::kRecursion : Method::kEvents;
  out.names = columns.names();
  for (const std::size_t m : kept) out.metrics.push_back(all_metrics[m]);
  const auto futures = static_cast<std::size_t>(options.futures);
  out.instants.assign(futures * out.names.size(), kNever);
  out.values.resize(futures * kept.size());

  std::vector<Totals> totals(futures);
  std::vector<State> scratch(static_cast<std::size_t>(detail::thread_count(options.threads, options.futures)));
  detail::run(options.futures, {options.threads, options.cancel, options.progress},
              [&](int worker, int index, const std::atomic<bool>& stop) {
                const auto i = static_cast<std::size_t>(index);
                State& future = scratch[static_cast<std::size_t>(worker)];
                const Parameters& given = parameters[i % parameters.size()];
                const std::uint64_t replication = options.first_replication + i;
                std::optional<Parameters> realised;
                if (given.uncertain()) realised = plant.data().realised(given, draw_key(state.seed, replication));
                const Parameters& numbers = realised ? *realised : given;
                const std::span<Tick> row = std::span(out.instants).subspan(i * out.names.size(), out.names.size());
                FinishRecorder recorder(columns, row);
                Until end = until;
                end.cancel = &stop;
                const double started = detail::thread_cpu_seconds();
                branch_into(plant, numbers, state, replication, future);
                if (!(by_recursion ? advance_by_recursion(plant, numbers, future, end, recorder)
                                   : advance(plant, numbers, future, end, &recorder)))
                  return;
                totals[i] = {future.events - state.events, future.history, detail::thread_cpu_seconds() - started};
                columns.note_orders(future, row);
                const std::vector<double> figures = measure(plant, state, future);
                for (std::size_t k = 0; k < kept.size(); ++k) out.values[i * kept.size() + k] = figures[kept[k]];
              });
  for (std::size_t i = 0; i < futures; ++i) {
    out.events += totals[i].events;
    out.cpu_s += totals[i].cpu_s;
    out.digest += hash_combine(hash_combine(0, options.first_replication + i), totals[i].history);
  }
  return out;
}

}  // namespace twin::study
