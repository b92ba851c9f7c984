/// What a run can tell while it happens. A Recorder is handed to `advance`; nothing of it is kept in the State.
#pragma once
#include <cstdint>
#include <vector>

#include "twin/state/state.hpp"

namespace twin {

/// One finished operation: a lot at a machine. `ready` is when it entered the queue, `start` when work on it began
/// (setup included), `end` when processing ended; blocking afterwards is not in it.
struct OperationRecord {
  std::uint32_t source = kNone;  ///< with `serial`, the lot; see lot_name()
  std::uint32_t step = kNone;
  std::uint32_t machine = kNone;
  std::uint32_t round = 0;
  std::uint64_t serial = 0;
  Tick ready = 0, start = 0, end = 0;
  friend bool operator==(const OperationRecord&, const OperationRecord&) = default;
};

/// One lot that left the plant.
struct LotRecord {
  std::uint32_t source = kNone;
  std::uint32_t product = kNone;
  std::uint64_t serial = 0;
  Tick release = 0, due = kNever, finish = 0, waiting = 0;
  bool scrapped = false;
  bool reworked = false;
  bool cancelled = false;  ///< with its order; `scrapped` is true then too, since it is not good
  friend bool operator==(const LotRecord&, const LotRecord&) = default;
};

/// A span in which a machine was in one condition.
struct ConditionRecord {
  std::uint32_t machine = kNone;
  Condition condition = Condition::kStarved;
  Tick start = 0, end = 0;
  friend bool operator==(const ConditionRecord&, const ConditionRecord&) = default;
};

/// A change in the number of lots of a product in the plant, or of lots in a station's queue.
struct LevelRecord {
  std::uint32_t index = kNone;  ///< ProductId or StationId
  std::uint32_t level = 0;      ///< after the change
  Tick time = 0;
  friend bool operator==(const LevelRecord&, const LevelRecord&) = default;
};

/// Told of everything that happens, in order. Derive and override what you need.
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void on_operation(const OperationRecord&) {}
  virtual void on_lot(const LotRecord&) {}
  virtual void on_condition(const ConditionRecord&) {}
  virtual void on_queue(const LevelRecord&) {}  ///< level of a station's queue
  virtual void on_wip(const LevelRecord&) {}    ///< level of a product in the plant
};

/// Keeps everything, in order of time. Conditions still lasting at the end are closed by `finish`.
class History final : public Recorder {
 public:
  void on_operation(const OperationRecord& record) override { operations.push_back(record); }
  void on_lot(const LotRecord& record) override { lots.push_back(record); }
  void on_condition(const ConditionRecord& record) override { conditions.push_back(record); }
  void on_queue(const LevelRecord& record) override { queues.push_back(record); }
  void on_wip(const LevelRecord& record) override { wip.push_back(record); }
  /// Adds the conditions that last at the state's clock.
  void finish(const State& state);

  std::vector<OperationRecord> operations;
  std::vector<LotRecord> lots;
  std::vector<ConditionRecord> conditions;
  std::vector<LevelRecord> queues, wip;
};

/// Keeps the lots that left from an instant on: for quantiles. The cheapest recorder there is.
class LotLog final {
 public:
  explicit LotLog(Tick from = INT64_MIN) : from_(from) {}
  void on_lot(const LotRecord& record) {
    if (record.finish >= from_) lots.push_back(record);
  }
  std::vector<LotRecord> lots;

 private:
  Tick from_;
};

}  // namespace twin
