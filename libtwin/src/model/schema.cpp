#include "twin/model/schema.hpp"

#include <fmt/format.h>

#include "keys_impl.hpp"

namespace twin {

using model_detail::Key;
using model_detail::keys_of;
using model_detail::Level;
using model_detail::Shape;

namespace {

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string reference(Level level) { return fmt::format(R"({{"$ref": "#/$defs/{}"}})", name_of(level)); }
std::string map_of(const std::string& value) {
  return fmt::format(R"({{"type": ["object", "null"], "additionalProperties": {}}})", value);
}
std::string list_of(const std::string& item) { return fmt::format(R"({{"type": "array", "items": {}}})", item); }
std::string either(std::string_view a, std::string_view b) { return fmt::format(R"({{"anyOf": [{}, {}]}})", a, b); }

constexpr const char* kText = R"({"type": "string"})";
constexpr const char* kTime = R"({"type": ["string", "number"]})";
constexpr const char* kProbability = R"({"type": "number", "minimum": 0, "maximum": 1})";

std::string schema_of(Shape shape) {
  switch (shape) {
    case Shape::kText:
    case Shape::kName:
      return R"({"type": ["string", "number"]})";
    case Shape::kInstant:
    case Shape::kTimeZone:
    case Shape::kAfter:
    case Shape::kLife:
      return kText;
    case Shape::kArrivals:
    case Shape::kArrivalKeys:
      return either(kText, reference(Level::kArrivals));
    case Shape::kTransport:
      return kTime;
    case Shape::kConveyors:
      return map_of(reference(Level::kConveyor));
    case Shape::kLength:
    case Shape::kPace:
      return kText;
    case Shape::kPaths:
      return list_of(reference(Level::kPath));
    case Shape::kFleets:
      return map_of(reference(Level::kFleet));
    case Shape::kBetween:
      return R"({"type": "array", "items": {"type": ["string", "number"]}, "minItems": 2, "maxItems": 2})";
    case Shape::kDispatch:
      return R"_({"anyOf": [{"enum": ["nearest", "longest_waiting", "least_used"]}, )_"
             R"_({"type": "string", "pattern": "^expr\\(.*\\)$"}]})_";
    case Shape::kBattery:
      return reference(Level::kBattery);
    case Shape::kWhenIdle:
      return R"({"enum": ["home", "stay"]})";
    case Shape::kFlag:
      return R"({"type": "boolean"})";
    case Shape::kExceptions:
      return map_of(R"({"type": ["string", "null", "array"]})");
    case Shape::kWhenClosed:
      return R"({"enum": ["pause", "finish", "restart", "scrap"]})";
    case Shape::kOnFailure:
      return R"({"enum": ["resume", "restart", "scrap"]})";
    case Shape::kPreempt:
      return R"({"enum": ["never", "resume", "restart"]})";
    case Shape::kPolling:
      return reference(Level::kPolling);
    case Shape::kServe:
      return R"_({"anyOf": [{"enum": ["exhaustive", "gated"]}, {"type": "string", "pattern": "^limited\\(.*\\)$"}]})_";
    case Shape::kDoes:
      return either(kText, list_of(kText));
    case Shape::kSameAs:
      return either(kText, R"({"type": "object", "required": ["station"]})");
    case Shape::kSample:
      return reference(Level::kSample);
    case Shape::kWithin:
      return reference(Level::kWithin);
    case Shape::kBeyond:
      return R"({"anyOf": [{"enum": ["scrap", "pass", "leave"]}, {"type": "object", "required": ["goto"]}]})";
    case Shape::kTeardown:
      return either(kTime, map_of(kTime));
    case Shape::kBlocking:
      return R"({"enum": ["after", "before"]})";
    case Shape::kCycle:
      return kTime;
    case Shape::kTimesAsFast:
      return R"({"type": "number", "minimum": 0, "maximum": 1000000})";
    case Shape::kProfile:
      return list_of(R"({"type": "object", "required": ["from", "times"]})");
    case Shape::kPower:
    case Shape::kMachineCost:
      return either(kTime, map_of(kTime));
    case Shape::kCostRate:
    case Shape::kPrice:
    case Shape::kCarbon:
      return kTime;
    case Shape::kPools:
      return map_of(either(R"({"type": "integer", "minimum": 1})", reference(Level::kPool)));
    case Shape::kMaterials:
      return map_of(either(R"({"type": "integer", "minimum": 0})", reference(Level::kMaterial)));
    case Shape::kSupply:
      return reference(Level::kSupply);
    case Shape::kMaintenance:
      return list_of(reference(Level::kMaintenance));
    case Shape::kDegradation:
      return list_of(reference(Level::kDegradation));
    case Shape::kEvery:
      return kText;
    case Shape::kWindow:
      return kTime;
    case Shape::kCare:
      return R"({"enum": ["now", "free"]})";
    case Shape::kReorder:
      return reference(Level::kReorder);
    case Shape::kSkills:
      return either(kText, list_of(kText));
    case Shape::kNeeds:
    case Shape::kUses:
      return either(kText, map_of(R"({"type": "integer", "minimum": 1})"));
    case Shape::kSetup:
      return either(kTime, reference(Level::kSetup));
    case Shape::kMatrix:
      return either(kText, map_of(map_of(kTime)));
    case Shape::kWalking:
      return either(kText, map_of(map_of(kText)));
    case Shape::kBy:
      return R"({"enum": ["family", "product", "op"]})";
    case Shape::kBatch:
      return reference(Level::kBatch);
    case Shape::kSublots:
      return R"({"type": "integer", "minimum": 2, "maximum": 255})";
    case Shape::kParallel:
      return map_of(list_of(reference(Level::kStep)));
    case Shape::kOverdue:
      return R"({"anyOf": [{"enum": ["scrap", "leave", "stay"]}, {"type": "object"}]})";
    case Shape::kLevel:
      return R"({"type": "integer", "minimum": 0, "maximum": 1000000000})";
    case Shape::kFiles:
      return either(kText, list_of(kText));
    case Shape::kFree:
      return "true";
    case Shape::kInteger:
      return R"({"type": "integer", "minimum": -1000000000, "maximum": 1000000000})";
    case Shape::kCount:
      return R"({"type": "integer", "minimum": 1, "maximum": 1000000})";
    case Shape::kSeed:
      return R"({"type": "integer", "minimum": 0})";
    case Shape::kSpeed:
      return R"({"type": "number", "exclusiveMinimum": 0, "maximum": 1000000})";
    case Shape::kProbability:
      return kProbability;
    case Shape::kDuration:
    case Shape::kDistribution:
    case Shape::kStart:
    case Shape::kDue:
    case Shape::kDueFactor:
    case Shape::kEnd:
      return kTime;
    case Shape::kTimes:
      return either(kTime, map_of(kTime));
    case Shape::kRule:
      return R"_({"anyOf": [{"enum": ["fifo", "lifo", "spt", "spt(known)", "lpt", "edd", "slack", "cr", "atc", "covert", )_"
             R"_("mwkr", "lwkr", "mopnr", "fdd_mwkr", "min_setup", "cyclic", "priority"]}, )_"
             R"_({"type": "string", "pattern": "^(priority|atc|covert|expr)\\(.*\\)$"}]})_";
    case Shape::kChanges:
      return list_of(reference(Level::kChange));
    case Shape::kCancel:
      return R"({"enum": ["now", "finish", true]})";
    case Shape::kQuantity:
      return R"({"type": "integer", "minimum": 0, "maximum": 1000000})";
    case Shape::kFull:
      return R"({"enum": ["wait", "lose"]})";
    case Shape::kChoose:
      return R"_({"anyOf": [{"enum": ["shortest_queue", "earliest_finish", "first", "random", "cost"]}, )_"
             R"_({"type": "string", "pattern": "^expr\\(.*\\)$"}]})_";
    case Shape::kPlaces:
      return R"({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 1000000000}, {"const": "unlimited"}]})";
    case Shape::kHours:
      return R"({"anyOf": [{"type": ["string", "null"]}, {"type": "array", "items": {"type": "string"}}]})";
    case Shape::kStationsOf:
      return either(kText, list_of(kText));
    case Shape::kThenGoto:
      return either(kText, R"({"type": "object"})");
    case Shape::kThenRework:
      return either(kProbability, R"({"type": "object"})");
    case Shape::kStations:
      return map_of(reference(Level::kStation));
    case Shape::kProducts:
      return map_of(reference(Level::kProduct));
    case Shape::kOrders:
      return either(kText, list_of(reference(Level::kOrder)));
    case Shape::kCalendars:
      return map_of(reference(Level::kCalendar));
    case Shape::kExpect:
      return map_of(kTime);
    case Shape::kWhatIf:
      return map_of(R"({"type": ["object", "null"]})");
    case Shape::kMachines:
      return either(R"({"type": "integer", "minimum": 1, "maximum": 100000})", map_of(reference(Level::kMachine)));
    case Shape::kFailures:
      return list_of(reference(Level::kFailure));
    case Shape::kRoute:
      return list_of(reference(Level::kStep));
    case Shape::kQueue:
      return reference(Level::kQueue);
    case Shape::kThen:
      return reference(Level::kThen);
    case Shape::kRun:
      return reference(Level::kRun);
  }
  return "true";
}

/// One kind of mapping: its keys, which are required, and that there are no others.
std::string object(Level level, const std::string& indent) {
  std::string keys, required;
  for (const Key& key : keys_of(level)) {
    std::string value = schema_of(key.shape);
    const std::string note =
        *key.fallback == '\0' ? key.meaning : fmt::format("{}. Default: {}", key.meaning, key.fallback);
    value = value == "true" ? fmt::format(R"({{"description": {}}})", json_text(note))
                            : fmt::format(R"({{"description": {}, {})", json_text(note), value.substr(1));
    keys += fmt::format("{}\n{}    {}: {}", keys.empty() ? "" : ",", indent, json_text(key.name), value);
    if (key.required) required += (required.empty() ? "" : ", ") + json_text(key.name);
  }
  std::string out =
      fmt::format("{}\"type\": {},\n", indent, required.empty() ? R"(["object", "null"])" : R"("object")");
  if (level == Level::kCalendar)
    out += fmt::format(
        "{}\"patternProperties\": {{\"^(mon|tue|wed|thu|fri|sat|sun)-(mon|tue|wed|thu|fri|sat|sun)$\": {}}},\n", indent,
        schema_of(Shape::kHours));
  if (!required.empty() && level != Level::kTop) out += fmt::format("{}\"required\": [{}],\n", indent, required);
  out += fmt::format("{}\"additionalProperties\": false,\n{}\"properties\": {{{}\n{}}}", indent, indent, keys, indent);
  return out;
}

}  // namespace

std::string plant_schema() {
  std::string definitions;
  for (int i = 1; i < model_detail::kLevels; ++i) {
    const auto level = static_cast<Level>(i);
    definitions += fmt::format("{}\n    {}: {{\n{}\n    }}", definitions.empty() ? "" : ",", json_text(name_of(level)),
                               object(level, "      "));
  }
  return fmt::format(R"({{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "libtwin plant",
  "description": "A plant, whole or a part that others include. A whole one needs stations and products.",
{},
  "$defs": {{{}
  }}
}}
)",
                     object(Level::kTop, "  "), definitions);
}

}  // namespace twin
