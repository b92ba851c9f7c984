#include "twin/gateway/rules.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <set>
#include <span>
#include <sstream>

#include "twin/base/error.hpp"

namespace twin::gateway {
namespace {

using sync::Rules;

constexpr std::size_t kMaxBytes = 1 << 20;

/// Walks the document and collects every fault instead of stopping at the first.
class Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  Rules read(const YAML::Node& root) {
    Rules rules;
    const auto part_key = "names.part";
    map(root, "",
        {{"items", [&](const YAML::Node& n) { items(n, rules); }},
         {"status", [&](const YAML::Node& n) { status(n, rules); }},
         {"files", [&](const YAML::Node& n) { files(n, rules); }},
         {"names", [&](const YAML::Node& n) { names(n, rules); }},
         {"stall",
          [&](const YAML::Node& n) {
            map(n, "stall", {{"silence", [&](const YAML::Node& s) {
                                rules.silence = duration(s, "stall.silence", rules.silence);
                              }}});
          }},
         {"identity_within",
          [&](const YAML::Node& n) { rules.identity_within = duration(n, "identity_within", rules.identity_within); }},
         {"known_items", [&](const YAML::Node& n) { words(n, "known_items", rules.known_items); }}});
    if (rules.items[static_cast<std::size_t>(sync::Role::kProgramStatus)].empty() && faults_.empty()) {
      fault(root, "items.program_status", "", "is missing", "the item that says whether a program runs");
    }
    for (const std::string& word : rules.active) {
      if (std::find(rules.completed.begin(), rules.completed.end(), word) != rules.completed.end()) {
        fault(root, "status", word, "is both active and completed", "one meaning for each value");
      }
    }
    for (const auto& pattern : rules.files) {
      const auto& groups = pattern.groups();
      const auto has = [&](const char* g) { return std::find(groups.begin(), groups.end(), g) != groups.end(); };
      for (const char* group : {"product", "number"}) {
        const bool is_needed = rules.part_name.find("{" + std::string(group) + "}") != std::string::npos;
        if (pattern.is_ticket() && !has("part") && is_needed && !has(group)) {
          fault(root, part_key, rules.part_name, "uses a group that pattern '" + pattern.text() + "' does not have",
                "groups of every ticket pattern, or a group 'part'");
        }
      }
    }
    return rules;
  }

  void fault(const YAML::Node& node, std::string path, std::string value, std::string message, std::string allowed) {
    const YAML::Mark mark = node.Mark();
    if (!value.empty() && message.find("'" + value + "'") == std::string::npos) message = "'" + value + "' " + message;
    faults_.push_back({name_, mark.line + 1, mark.column + 1, std::move(path), std::move(value), std::move(message),
                       std::move(allowed)});
  }

  void throw_if_any() const {
    if (faults_.empty()) return;
    std::string text;
    for (const Fault& f : faults_) text += (text.empty() ? "" : "\n") + f.text();
    throw FormatError(text);
  }

 private:
  struct Key {
    std::string_view name;
    std::function<void(const YAML::Node&)> read;
  };

  static std::string as_text(const YAML::Node& node) {
    if (node.IsScalar()) return node.Scalar();
    return node.IsNull() ? "nothing" : node.IsMap() ? "a map" : node.IsSequence() ? "a list" : "";
  }

  void map(const YAML::Node& node, const std::string& path, std::initializer_list<Key> keys) {
    const std::vector<Key> list(keys);
    map(node, path, std::span<const Key>(list));
  }
  void map(const YAML::Node& node, const std::string& path, std::span<const Key> keys) {
    std::string allowed;
    for (const Key& key : keys) allowed += (allowed.empty() ? "" : ", ") + std::string(key.name);
    if (!node.IsMap()) return fault(node, path.empty() ? "rules" : path, as_text(node), "is no map", "keys " + allowed);
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string name = as_text(entry.first);
      const std::string full = path.empty() ? name : path + "." + name;
      const auto at = std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == name; });
      if (at == keys.end()) {
        fault(entry.first, full, name, "is no key here", allowed);
      } else if (!seen.insert(name).second) {
        fault(entry.first, full, name, "occurs twice", "each key once");
      } else {
        at->read(entry.second);
      }
    }
  }

  void words(const YAML::Node& node, const std::string& path, std::vector<std::string>& out) {
    out.clear();
    const auto word = [&](const YAML::Node& n) {
      if (!n.IsScalar() || n.Scalar().empty())
        return fault(n, path, as_text(n), "is no word", "a word or a list of words");
      out.push_back(n.Scalar());
    };
    if (!node.IsSequence()) return word(node);
    for (const auto& n : node) word(n);
  }

  Tick duration(const YAML::Node& node, const std::string& path, Tick otherwise) {
    static constexpr std::pair<std::string_view, Tick> kUnits[] = {
        {"ms", kSecond / 1000}, {"s", kSecond}, {"min", kMinute}, {"h", kHour}, {"d", kDay}};
    const std::string text = as_text(node);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
    for (const auto& [name, ticks] : kUnits) {
      if (error != std::errc{} || unit != name || !(number >= 0 && number <= 1e6)) continue;
      return ticks_from_seconds(number * seconds_from_ticks(ticks));
    }
    fault(node, path, text, "is no duration", "a number from 0 and its unit: ms, s, min, h, d");
    return otherwise;
  }

  sync::Letters letters(const YAML::Node& node, const std::string& path) {
    static constexpr std::pair<std::string_view, sync::Letters> kWords[] = {
        {"as_written", sync::Letters::kAsWritten},
        {"upper", sync::Letters::kUpper},
        {"lower", sync::Letters::kLower},
        {"capitalised", sync::Letters::kCapitalised}};
    const std::string text = as_text(node);
    for (const auto& [word, value] : kWords) {
      if (text == word) return value;
    }
    fault(node, path, text, "is no way to write letters", "as_written, upper, lower, capitalised");
    return sync::Letters::kAsWritten;
  }

  sync::FilePattern pattern(const YAML::Node& node, const std::string& path) {
    try {
      if (node.IsScalar()) return sync::FilePattern(node.Scalar());
      fault(node, path, as_text(node), "is no pattern", "a regular expression with named groups");
    } catch (const InvalidArgument& e) {
      fault(node, path, as_text(node), e.what(), "an ECMAScript expression, groups as (?<machine>...)");
    }
    return {};
  }

  void items(const YAML::Node& node, Rules& rules) {
    std::vector<Key> keys;
    for (std::size_t r = 0; r < sync::kRoleCount; ++r) {
      keys.push_back({sync::kRoleNames[r], [this, r, &rules](const YAML::Node& n) {
                        words(n, "items." + std::string(sync::kRoleNames[r]), rules.items[r]);
                      }});
    }
    map(node, "items", std::span<const Key>(keys));
  }

  void status(const YAML::Node& node, Rules& rules) {
    map(node, "status",
        {{"active", [&](const YAML::Node& n) { words(n, "status.active", rules.active); }},
         {"completed", [&](const YAML::Node& n) { words(n, "status.completed", rules.completed); }},
         {"interruption",
          [&](const YAML::Node& n) {
            if (n.IsScalar() && n.Scalar() == "every other value") {
              rules.interruption.clear();
            } else {
              words(n, "status.interruption", rules.interruption);
            }
          }},
         {"ignored", [&](const YAML::Node& n) { words(n, "status.ignored", rules.ignored); }},
         {"count", [&](const YAML::Node& n) {
            rules.count_whole_log = as_text(n) == "log";
            if (as_text(n) != "log" && as_text(n) != "operation") {
              fault(n, "status.count", as_text(n), "is no stretch to count interruptions in",
                    "operation (between start and end), log (anywhere in it)");
            }
          }}});
  }

  void files(const YAML::Node& node, Rules& rules) {
    if (!node.IsSequence()) {
      rules.files.push_back(pattern(node, "files"));
      return;
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      rules.files.push_back(pattern(node[i], "files[" + std::to_string(i) + "]"));
    }
  }

  void names(const YAML::Node& node, Rules& rules) {
    map(node, "names",
        {{"part", [&](const YAML::Node& n) { rules.part_name = as_text(n); }},
         {"part_pattern", [&](const YAML::Node& n) { rules.part_pattern = pattern(n, "names.part_pattern"); }},
         {"product", [&](const YAML::Node& n) { rules.product_letters = letters(n, "names.product"); }},
         {"operation", [&](const YAML::Node& n) { rules.operation_letters = letters(n, "names.operation"); }},
         {"machine", [&](const YAML::Node& n) { rules.machine_letters = letters(n, "names.machine"); }},
         {"default_operation", [&](const YAML::Node& n) { rules.default_operation = as_text(n); }}});
  }

  std::string name_;
  std::vector<Fault> faults_;
};

}  // namespace

sync::Rules parse_rules(const std::string& yaml, const std::string& name) {
  Reader reader(name);
  sync::Rules rules;
  try {
    const auto documents = YAML::LoadAll(yaml);
    const YAML::Node root = documents.empty() ? YAML::Node(YAML::NodeType::Null) : documents.front();
    if (documents.size() > 1) {
      reader.fault(documents[1], "rules", std::to_string(documents.size()) + " documents", "is too many",
                   "one document");
    }
    rules = reader.read(root);
  } catch (const YAML::Exception& e) {
    throw FormatError(name + ":" + std::to_string(e.mark.line + 1) + ":" + std::to_string(e.mark.column + 1) + ": " +
                      "not YAML: " + e.msg);
  }
  reader.throw_if_any();
  return rules;
}

sync::Rules load_rules(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw InvalidArgument(path.string() + ": is a folder; allowed: a file of rules");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InvalidArgument(path.string() + ": cannot be opened");
  std::string text(kMaxBytes + 1, '\0');  // a pipe does not tell its size
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) throw InvalidArgument(path.string() + ": cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxBytes)
    throw FormatError(path.string() + ": has too many bytes; allowed: at most " + std::to_string(kMaxBytes));
  return parse_rules(text, path.string());
}

}  // namespace twin::gateway
