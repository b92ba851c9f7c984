#include "twin/study/simulate.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "names_impl.hpp"
#include "parallel_impl.hpp"
#include "twin/base/error.hpp"

namespace twin::study {
namespace {

constexpr std::size_t kLevels = std::size(kQuantileLevels);
constexpr const char* kLotFigures[] = {"cycle_time", "waiting_time", "tardiness"};

/// Empirical quantiles of lots, as columns after those of `measure`: products, then the plant; figures; levels.
class LotQuantiles {
 public:
  explicit LotQuantiles(const PlantData& plant) : plant_(plant) {}

  void append_names(std::vector<Metric>& metrics) const {
    for (std::size_t p = 0; p <= plant_.products.size(); ++p) {
      const std::string what = p < plant_.products.size() ? plant_.product_names[p] : "plant";
      for (const char* figure : kLotFigures) {
        for (const char* level : kQuantileNames) metrics.push_back({what + "." + figure + "." + level, "s"});
      }
    }
  }

  void append_values(const std::vector<LotRecord>& lots, std::vector<double>& values) {
    const auto products = static_cast<std::uint32_t>(plant_.products.size());
    for (std::uint32_t p = 0; p < products; ++p) {
      append_product(
          lots, [p](const LotRecord& lot) { return lot.product == p; }, values);
    }
    if (products == 1) {
      const auto width = static_cast<std::ptrdiff_t>(std::size(kLotFigures) * kLevels);
      const std::vector<double> same(values.end() - width, values.end());
      values.insert(values.end(), same.begin(), same.end());
    } else {
      append_product(
          lots, [](const LotRecord&) { return true; }, values);
    }
  }

 private:
  template <class Wanted>
  void append_product(const std::vector<LotRecord>& lots, Wanted wanted, std::vector<double>& values) {
    for (std::size_t figure = 0; figure < std::size(kLotFigures); ++figure) {
      sample_.clear();
      for (const LotRecord& lot : lots) {
        if (!lot.scrapped && wanted(lot)) sample_.push_back(seconds_from_ticks(figure_of(lot, figure)));
      }
      append_quantiles(values);
    }
  }

  /// As quantile() of the sorted sample; each level puts only its two order statistics in place, since a long run has
  /// many lots.
  void append_quantiles(std::vector<double>& values) {
    auto placed = sample_.begin();
    for (const double level : kQuantileLevels) {
      if (sample_.empty()) {
        values.push_back(std::numeric_limits<double>::quiet_NaN());
        continue;
      }
      const double at = level * static_cast<double>(sample_.size() - 1);
      const auto below = sample_.begin() + static_cast<std::ptrdiff_t>(at);
      std::nth_element(placed, below, sample_.end());
      placed = below;
      const double part = at - static_cast<double>(below - sample_.begin());
      const double above = part > 0 ? *std::min_element(below + 1, sample_.end()) : *below;
      values.push_back(*below + part * (above - *below));
    }
  }

  static Tick figure_of(const LotRecord& lot, std::size_t figure) noexcept {
    if (figure == 0) return lot.finish - lot.release;
    if (figure == 1) return lot.waiting;
    return std::max<Tick>(lot.finish - lot.due, 0);
  }

  const PlantData& plant_;
  std::vector<double> sample_;
};

/// What one replication gives.
struct Run {
  std::vector<double> values;
  std::uint64_t completed = 0, events = 0, history = 0;
  double cpu_s = 0;
  bool unfinished = false;
};

std::uint64_t completed_lots(const State& state) noexcept {
  std::uint64_t sum = 0;
  for (const ProductTotals& product : state.products) sum += product.completed;
  return sum;
}

struct Setting {
  Seed seed;
  Tick warmup;
  Until until;
  bool by_recursion = false;
};

Setting setting_of(const Plant& plant, const SimulateOptions& options) {
  const RunSettings& run = plant.run();
  Setting out{options.seed.value_or(Seed{run.seed}), options.warmup.value_or(run.warmup), {}};
  out.by_recursion = runs_by_recursion(plant, nullptr, options.method, "simulate");
  const Tick until = options.until.value_or(run.until);
  out.until.orders_done = until >= kNever;
  out.until.time = out.until.orders_done ? kLongestRun : until;
  if (out.until.orders_done && plant.data().orders.empty()) {
    throw InvalidArgument("simulate: plant '" + plant.data().name +
                          "' has no end: it has no orders; allowed: run.until, or the option until");
  }
  if (out.warmup < 0 || out.warmup >= out.until.time) {
    throw InvalidArgument("simulate: warmup is " + format_duration(Duration{out.warmup}) +
                          "; allowed: from 0 to before " + format_duration(Duration{out.until.time}) +
                          ", the end of the run");
  }
  return out;
}

/// By recursion or by events. \param log  null: nobody asks for the lots
bool go_on(const Plant& plant, const Parameters& parameters, bool by_recursion, State& state, const Until& until,
           LotLog* log) {
  if (log == nullptr)
    return by_recursion ? advance_by_recursion(plant, parameters, state, until)
                        : advance(plant, parameters, state, until);
  return by_recursion ? advance_by_recursion(plant, parameters, state, until, *log)
                      : advance(plant, parameters, state, until, *log);
}

Run run_once(const Plant& plant, const Parameters& declared, const Setting& setting, std::uint64_t replication,
             const std::atomic<bool>& stop, LotQuantiles* quantiles, LotLog& log) {
  Run out;
  const double started = detail::thread_cpu_seconds();
  std::optional<Parameters> realised;
  if (declared.uncertain()) realised = plant.data().realised(declared, draw_key(setting.seed, replication));
  const Parameters& parameters = realised ? *realised : declared;
  State state = State::initial(plant, parameters, setting.seed, replication);
  if (setting.warmup > 0) {
    Until warm = setting.until;
    warm.time = setting.warmup;
    warm.cancel = &stop;
    if (!go_on(plant, parameters, setting.by_recursion, state, warm, nullptr)) return out;
  }
  const State begin = state;
  Until end = setting.until;
  end.cancel = &stop;
  log.lots.clear();
  const bool ended = go_on(plant, parameters, setting.by_recursion, state, end, quantiles ? &log : nullptr);
  out.cpu_s = detail::thread_cpu_seconds() - started;
  if (!ended) return out;
  out.values = measure(plant, begin, state);
  if (quantiles) quantiles->append_values(log.lots, out.values);
  out.completed = completed_lots(state) - completed_lots(begin);
  out.events = state.events;
  out.history = state.history;
  out.unfinished = setting.until.orders_done && state.open_orders > 0;
  return out;
}

}  // namespace

std::size_t Result::index(std::string_view metric) const {
  const auto found = std::ranges::find(metrics, metric, &Metric::name);
  if (found != metrics.end()) return static_cast<std::size_t>(found - metrics.begin());
  std::vector<std::string> known;
  for (const Metric& m : metrics) known.push_back(m.name);
  throw InvalidArgument(detail::unknown_name("result", "figure", metric, known));
}

std::vector<double> Result::sample(std::string_view metric) const {
  const std::size_t column = index(metric);
  std::vector<double> out(static_cast<std::size_t>(replications));
  for (std::size_t r = 0; r < out.size(); ++r) out[r] = values[r * metrics.size() + column];
  return out;
}

Result simulate(const Plant& plant, const SimulateOptions& options) {
  return simulate(plant, plant.parameters(), options);
}

Result simulate(const Plant& plant, const Parameters& parameters, const SimulateOptions& options) {
  if (options.replications < 0) {
    throw InvalidArgument("simulate: replications is " + std::to_string(options.replications) +
                          "; allowed: 1 or more, or 0 for what the plant says");
  }
  check_parameters(plant, parameters);
  const Setting setting = setting_of(plant, options);
  Result result;
  result.replications = options.replications > 0 ? options.replications : std::max(plant.run().replications, 1);
  result.metrics = metrics(plant);
  result.method = setting.by_recursion ? Method::kRecursion : Method::kEvents;
  const auto workers = static_cast<std::size_t>(detail::thread_count(options.threads, result.replications));
  std::vector<LotQuantiles> quantiles(workers, LotQuantiles(plant.data()));
  std::vector<LotLog> logs(workers);
  if (options.quantiles) quantiles.front().append_names(result.metrics);

  std::vector<Run> runs(static_cast<std::size_t>(result.replications));
  detail::run(result.replications, {options.threads, options.cancel, options.progress},
              [&](int worker, int index, const std::atomic<bool>& stop) {
                const auto w = static_cast<std::size_t>(worker), i = static_cast<std::size_t>(index);
                runs[i] = run_once(plant, parameters, setting, options.first_replication + i, stop,
                                   options.quantiles ? &quantiles[w] : nullptr, logs[w]);
              });

  result.values.reserve(runs.size() * result.metrics.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    TWIN_ASSERT(runs[i].values.size() == result.metrics.size());
    result.values.insert(result.values.end(), runs[i].values.begin(), runs[i].values.end());
    result.completed += runs[i].completed;
    result.events += runs[i].events;
    result.cpu_s += runs[i].cpu_s;
    result.unfinished += runs[i].unfinished ? 1 : 0;
    result.digest += hash_combine(hash_combine(0, options.first_replication + i), runs[i].history);
  }
  result.estimates.reserve(result.metrics.size());
  std::vector<double> column(runs.size());
  for (std::size_t m = 0; m < result.metrics.size(); ++m) {
    for (std::size_t r = 0; r < runs.size(); ++r) column[r] = result.values[r * result.metrics.size() + m];
    result.estimates.push_back(estimate(column));
  }
  return result;
}

}  // namespace twin::study
