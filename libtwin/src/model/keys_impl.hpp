/// The keys of a scenario file: one table from which reading, its faults, explanations and the JSON Schema all come.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace twin::model_detail {

/// What a value may look like.
enum class Shape : unsigned char {
  kText,
  kFiles,
  kInstant,
  kTimeZone,
  kFree,
  kInteger,
  kCount,
  kSpeed,
  kProbability,
  kDuration,
  kDistribution,
  kTimes,
  kRule,
  kFull,
  kChoose,
  kArrivals,
  kAfter,
  kName,
  kPlaces,
  kStart,
  kEnd,
  kHours,
  kStationsOf,
  kThenGoto,
  kThenRework,
  kStations,
  kProducts,
  kOrders,
  kCalendars,
  kExpect,
  kWhatIf,
  kMachines,
  kFailures,
  kRoute,
  kSeed,
  kQueue,
  kThen,
  kRun,
  kPools,
  kMaterials,
  kSupply,
  kSkills,
  kNeeds,
  kUses,
  kSetup,
  kMatrix,
  kBy,
  kBatch,
  kParallel,
  kOverdue,
  kLevel,
  kArrivalKeys,
  kExceptions,
  kPower,
  kMachineCost,
  kCostRate,
  kPrice,
  kCarbon,
  kWhenClosed,
  kOnFailure,
  kProfile,
  kTimesAsFast,
  kDue,
  kDueFactor,
  kChanges,
  kCancel,
  kQuantity,
  kDoes,
  kSameAs,
  kSample,
  kWithin,
  kBeyond,
  kTeardown,
  kReorder,
  kMaintenance,
  kWindow,
  kEvery,
  kDegradation,
  kCare,
  kBlocking,
  kCycle,
  kPolling,
  kServe,
  kPreempt,
};

/// Kinds of mappings that occur.
enum class Level : unsigned char {
  kTop,
  kStation,
  kMachine,
  kQueue,
  kFailure,
  kProduct,
  kStep,
  kThen,
  kOrder,
  kCalendar,
  kRun,
  kPool,
  kMaterial,
  kSupply,
  kSetup,
  kBatch,
  kArrivals,
  kReorder,
  kMaintenance,
  kDegradation,
  kPolling,
  kSample,
  kWithin,
  kChange
};
inline constexpr int kLevels = 24;

struct Key {
  const char* name;
  Shape shape;
  const char* fallback;  ///< what holds when the key is absent, in words or as a value
  const char* meaning;
  bool required = false;
};

[[nodiscard]] const std::vector<Key>& keys_of(Level level);
[[nodiscard]] const char* name_of(Level level) noexcept;
[[nodiscard]] std::vector<std::string> key_names(Level level);
/// What a value of this shape may be, in a sentence of a fault.
[[nodiscard]] const char* allowed(Shape shape) noexcept;

}  // namespace twin::model_detail
