#include "twin/model/document.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <fstream>
#include <sstream>

#include "document_impl.hpp"
#include "names_impl.hpp"
#include "twin/base/error.hpp"

namespace twin {

using model_detail::did_you_mean;
using model_detail::expand_name;
using model_detail::list_of;
using model_detail::parse_path;
using model_detail::PathPart;
using model_detail::Reading;
using model_detail::step_names;

std::string Mark::text() const {
  if (!file || file->empty()) return line > 0 ? fmt::format("{}:{}", line, column) : std::string{};
  return line > 0 ? fmt::format("{}:{}:{}", *file, line, column) : *file;
}

Node Node::of_kind(Kind kind) {
  Node node;
  node.kind = kind;
  return node;
}

Node Node::text(std::string scalar) {
  Node node = of_kind(Kind::kScalar);
  node.scalar = std::move(scalar);
  return node;
}

Node Node::sequence(std::vector<Node> items) {
  Node node = of_kind(Kind::kSequence);
  node.children = std::move(items);
  return node;
}

const Node* Node::find(std::string_view name) const noexcept {
  if (!is_mapping()) return nullptr;
  const auto found = std::find_if(children.begin(), children.end(), [&](const Node& c) { return c.key == name; });
  return found == children.end() ? nullptr : &*found;
}

Node* Node::find(std::string_view name) noexcept { return const_cast<Node*>(std::as_const(*this).find(name)); }

Node& Node::put(std::string name, Node value) {
  if (is_null()) kind = Kind::kMapping;
  value.key = std::move(name);
  if (Node* present = find(value.key)) {
    value.key_mark = present->key_mark;
    return *present = std::move(value);
  }
  children.push_back(std::move(value));
  return children.back();
}

bool Node::same_as(const Node& other) const noexcept {
  return kind == other.kind && scalar == other.scalar && key == other.key &&
         std::equal(children.begin(), children.end(), other.children.begin(), other.children.end(),
                    [](const Node& a, const Node& b) { return a.same_as(b); });
}

namespace {

// Paths -------------------------------------------------------------------------------------------------------------

bool group_holds(std::string_view group, std::string_view member) {
  const auto open = group.find('[');
  if (open == std::string_view::npos || member.substr(0, open) != group.substr(0, open)) return false;
  const auto names = expand_name(group).names;
  return std::find(names.begin(), names.end(), member) != names.end();
}

/// Index of the item of a list that a name means: a step of a route, an order, else kNowhere.
constexpr std::size_t kNowhere = SIZE_MAX;
std::size_t item_named(const Node& list, std::string_view name) {
  for (std::size_t i = 0; i < list.children.size(); ++i) {
    const Node* id = list.children[i].find("id");
    if (id != nullptr && id->is_scalar() && id->scalar == name) return i;
  }
  for (const auto& step : step_names(list))
    if (step.name == name) return step.item;
  return kNowhere;
}

std::vector<std::string> names_in(const Node& node) {
  std::vector<std::string> names;
  if (node.is_mapping())
    for (const auto& child : node.children) names.push_back(child.key);
  if (node.is_sequence()) {
    for (const auto& child : node.children)
      if (const Node* id = child.find("id")) names.push_back(id->scalar);
    for (const auto& step : step_names(node)) names.push_back(step.name);
  }
  return names;
}

const Node* child_of(const Node& node, const PathPart& part) {
  if (part.index)
    return node.is_sequence() && *part.index < node.children.size() ? &node.children[*part.index] : nullptr;
  if (node.is_mapping()) {
    if (const Node* exact = node.find(part.name)) return exact;
    for (const auto& child : node.children)
      if (group_holds(child.key, part.name)) return &child;
    return nullptr;
  }
  if (!node.is_sequence()) return nullptr;
  const auto item = item_named(node, part.name);
  return item == kNowhere ? nullptr : &node.children[item];
}

/// Replaces the group entry `at` of a mapping by one entry for each member.
void split_group(Node& mapping, std::size_t at) {
  const Node group = mapping.children[at];
  std::vector<Node> members;
  for (const auto& name : expand_name(group.key).names) {
    if (mapping.find(name) != nullptr) continue;
    members.push_back(group);
    members.back().key = name;
  }
  mapping.children.erase(mapping.children.begin() + static_cast<std::ptrdiff_t>(at));
  mapping.children.insert(mapping.children.begin() + static_cast<std::ptrdiff_t>(at),
                          std::make_move_iterator(members.begin()), std::make_move_iterator(members.end()));
}

/// Replaces a step that stands for a range of stations by one step for each.
void split_step(Node& route, std::size_t item) {
  const Node step = route.children[item];
  std::vector<Node> steps;
  for (const auto& station : expand_name(step.find("at")->scalar).names) {
    steps.push_back(step);
    steps.back().find("at")->scalar = station;
  }
  route.children.erase(route.children.begin() + static_cast<std::ptrdiff_t>(item));
  route.children.insert(route.children.begin() + static_cast<std::ptrdiff_t>(item),
                        std::make_move_iterator(steps.begin()), std::make_move_iterator(steps.end()));
}

class Setter {
 public:
  Setter(std::string_view path, const Node& value) : path_(path), parts_(parse_path(path)), value_(value) {}

  /// The key of the root that the path goes through; empty when it goes through none.
  [[nodiscard]] std::string top() const { return parts_.empty() ? std::string{} : parts_.front().name; }

  void run(Node& root) {
    if (parts_.empty()) refuse("it is empty", "");
    descend(root, 0);
  }

 private:
  [[noreturn]] void refuse(const std::string& why, const std::string& allowed) const {
    throw InvalidArgument(
        fmt::format("cannot set '{}': {}{}", path_, why, allowed.empty() ? "" : fmt::format("; allowed: {}", allowed)));
  }

  void descend(Node& node, std::size_t depth) {
    if (depth == parts_.size()) {
      Node value = value_;
      value.key = node.key;
      value.key_mark = node.key_mark;
      node = std::move(value);
      return;
    }
    const PathPart& part = parts_[depth];
    if (part.index) {
      if (!node.is_sequence()) refuse(fmt::format("there is no list that [{}] could index", *part.index), "");
      if (*part.index > node.children.size())
        refuse(fmt::format("the index {} is too large", *part.index),
               fmt::format("0 to {}, the last of which appends", node.children.size()));
      if (*part.index == node.children.size()) node.children.push_back(Node::null());
      return descend(node.children[*part.index], depth + 1);
    }
    if (node.is_null()) node.kind = Node::Kind::kMapping;
    if (node.is_scalar()) refuse(fmt::format("'{}' is a value and has no part '{}'", node.scalar, part.name), "");
    if (node.is_mapping()) return into_mapping(node, depth);
    into_list(node, depth);
  }

  void into_mapping(Node& node, std::size_t depth) {
    const std::string& name = parts_[depth].name;
    if (Node* exact = node.find(name)) return descend(*exact, depth + 1);
    const auto expansion = expand_name(name);
    if (expansion.grouped) {  // a range of members that stand apart, or in another group
      if (expansion.names.empty()) refuse(expansion.error, "");
      const bool known = std::any_of(expansion.names.begin(), expansion.names.end(), [&](const std::string& member) {
        return child_of(node, PathPart{member, {}}) != nullptr;
      });
      if (known) {
        for (const auto& member : expansion.names) into_member(node, member, depth);
        return;
      }
    }
    into_member(node, name, depth);
  }

  void into_member(Node& node, const std::string& name, std::size_t depth) {
    for (std::size_t i = 0; i < node.children.size() && node.find(name) == nullptr; ++i)
      if (group_holds(node.children[i].key, name)) split_group(node, i);
    Node* child = node.find(name);
    descend(child != nullptr ? *child : node.put(name, Node::null()), depth + 1);
  }

  void into_list(Node& node, std::size_t depth) {
    const std::string& name = parts_[depth].name;
    const auto expansion = expand_name(name);
    if (expansion.grouped) {
      for (std::size_t i = 0; i < node.children.size(); ++i) {  // the item written with this very range
        const Node* at = node.children[i].find("at");
        if (at != nullptr && at->is_scalar() && at->scalar == name) return descend(node.children[i], depth + 1);
      }
      if (expansion.names.empty()) refuse(expansion.error, "");
    }
    for (const auto& member : expansion.names) {
      auto item = item_named(node, member);
      if (item == kNowhere) {
        const auto names = names_in(node);
        refuse(fmt::format("there is no '{}' here{}", member, did_you_mean(member, names)), list_of(names));
      }
      if (const Node* at = node.children[item].find("at");
          at != nullptr && at->is_scalar() && expand_name(at->scalar).grouped) {
        split_step(node, item);
        item = item_named(node, member);
      }
      descend(node.children[item], depth + 1);
    }
  }

  std::string path_;
  std::vector<PathPart> parts_;
  const Node& value_;
};

// Files -------------------------------------------------------------------------------------------------------------

constexpr std::size_t kMaxFiles = 64;
constexpr std::uintmax_t kMaxTableBytes = 64 << 20;
constexpr std::size_t kMaxTableFaults = 1000;  // more than are told

/// Reads a file of at most `limit` bytes. \return why it cannot be read, to follow `the file 'x' `; empty when it was
std::string read_file(const std::filesystem::path& file, std::uintmax_t limit, std::string& out) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (status.type() == std::filesystem::file_type::not_found) return "does not exist";
  if (status.type() == std::filesystem::file_type::directory) return "is a folder and cannot be read";
  if (status.type() == std::filesystem::file_type::none) return "cannot be read: " + error.message();
  if (status.type() != std::filesystem::file_type::regular) return "is no regular file and cannot be read";
  const auto size = std::filesystem::file_size(file, error);
  if (error) return "cannot be read: " + error.message();
  if (size > limit) return fmt::format("has {} bytes, too many to be read", size);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return "cannot be opened for reading";
  std::ostringstream all;
  if (size > 0) all << stream.rdbuf();
  if (!stream || !all) return "cannot be read to its end";
  out = std::move(all).str();
  return "";
}

std::string at_most(std::uintmax_t bytes) { return fmt::format("at most {} MiB", bytes >> 20); }

/// The path by which a file is known whatever way leads there; as good as can be for one that cannot be reached.
std::filesystem::path canonical_path(const std::filesystem::path& file) {
  std::error_code error;
  auto canonical = std::filesystem::weakly_canonical(file, error);
  return error ? file.lexically_normal() : canonical;
}

Fault fault_at(const Mark& mark, std::string path, std::string value, std::string message, std::string allowed) {
  return {mark.file ? *mark.file : std::string{},
          mark.line,
          mark.column,
          std::move(path),
          std::move(value),
          std::move(message),
          std::move(allowed)};
}

/// Lays `over` on `under`: mappings are joined key by key, anything else is replaced.
void merge(Node& under, Node over) {
  if (!under.is_mapping() || !over.is_mapping()) {
    under = std::move(over);
    return;
  }
  for (auto& child : over.children) {
    if (Node* present = under.find(child.key)) {
      merge(*present, std::move(child));
    } else {
      under.children.push_back(std::move(child));
    }
  }
}

/// A table of comma-separated values, line by line.
struct TableReader {
  std::string_view text;
  std::size_t at = 0;
  int line = 1;
  std::size_t line_start = 0;

  [[nodiscard]] bool done() const { return at >= text.size(); }

  /// Fields of the next line with their columns; a quoted field may hold commas and doubled quotes.
  std::vector<std::pair<std::string, int>> next_line() {
    std::vector<std::pair<std::string, int>> fields;
    line_start = at;
    while (true) {
      while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
      const int column = static_cast<int>(at - line_start) + 1;
      std::string field;
      if (at < text.size() && text[at] == '"') {
        for (++at; at < text.size() && text[at] != '\n'; ++at) {
          if (text[at] != '"') {
            field += text[at];
          } else if (at + 1 < text.size() && text[at + 1] == '"') {
            field += text[++at];
          } else {
            ++at;
            break;
          }
        }
      }
      while (at < text.size() && text[at] != ',' && text[at] != '\n') field += text[at++];
      while (!field.empty() && (field.back() == ' ' || field.back() == '\t' || field.back() == '\r')) field.pop_back();
      fields.emplace_back(std::move(field), column);
      if (at < text.size() && text[at] == ',') {
        ++at;
        continue;
      }
      if (at < text.size()) ++at;  // the line feed
      return fields;
    }
  }
};

/// A table as a sequence of mappings, one for each good line, marked with its place in the table.
Node read_table(const std::string& text, const std::string& file, std::vector<Fault>& noted) {
  const auto name = std::make_shared<const std::string>(file);
  TableReader reader{text};
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) reader.at = 3;
  Node table = Node::sequence();
  table.mark = {name, 1, 1};
  std::vector<std::pair<std::string, int>> header;
  for (; !reader.done(); ++reader.line) {
    const auto fields = reader.next_line();
    if (fields.size() == 1 && (fields[0].first.empty() || fields[0].first[0] == '#')) continue;
    if (header.empty()) {
      header = fields;
      for (auto column = header.begin(); column != header.end(); ++column)
        if (std::any_of(header.begin(), column, [&](const auto& other) { return other.first == column->first; }))
          noted.push_back(fault_at({name, reader.line, column->second}, "orders", column->first,
                                   fmt::format("the column '{}' stands twice", column->first), "each column once"));
      continue;
    }
    if (fields.size() != header.size()) {
      const auto& at = fields[std::min(header.size(), fields.size() - 1)];  // the first too many, or the last there is
      noted.push_back(fault_at({name, reader.line, at.second}, "orders", at.first,
                               fmt::format("the line has {} fields", fields.size()),
                               fmt::format("{}, as in the first line", header.size())));
      if (noted.size() >= kMaxTableFaults) break;
      continue;
    }
    Node row = Node::mapping();
    row.mark = {name, reader.line, 1};
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].first.empty()) continue;
      Node value = Node::text(fields[i].first);
      value.mark = value.key_mark = {name, reader.line, fields[i].second};
      value.key = header[i].first;
      row.children.push_back(std::move(value));
    }
    table.children.push_back(std::move(row));
  }
  return table;
}

/// A square table as {row: {column: value}}: the first line and the first column hold names.
Node read_square(const std::string& text, const std::string& file, const std::string& path, std::vector<Fault>& noted) {
  const auto name = std::make_shared<const std::string>(file);
  TableReader reader{text};
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) reader.at = 3;
  Node table = Node::mapping();
  table.mark = {name, 1, 1};
  std::vector<std::pair<std::string, int>> header;
  for (; !reader.done(); ++reader.line) {
    const auto fields = reader.next_line();
    if (fields.size() == 1 && (fields[0].first.empty() || fields[0].first[0] == '#')) continue;
    if (header.empty()) {
      header = fields;
      continue;
    }
    const auto note = [&](std::size_t i, std::string message, std::string allowed) {
      noted.push_back(fault_at({name, reader.line, fields[i].second}, path, fields[i].first, std::move(message),
                               std::move(allowed)));
    };
    if (noted.size() >= kMaxTableFaults) break;
    if (fields.size() != header.size()) {
      note(std::min(header.size(), fields.size() - 1), fmt::format("the line has {} fields", fields.size()),
           fmt::format("{}, as in the first line", header.size()));
      continue;
    }
    if (table.find(fields[0].first) != nullptr) {
      note(0, fmt::format("the line '{}' stands twice", fields[0].first), "each line once");
      continue;
    }
    Node row = Node::mapping();
    row.mark = {name, reader.line, 1};
    for (std::size_t i = 1; i < fields.size(); ++i) {
      if (fields[i].first.empty()) continue;
      Node value = Node::text(fields[i].first);
      value.mark = value.key_mark = {name, reader.line, fields[i].second};
      if (row.find(header[i].first) != nullptr) {
        note(i, fmt::format("the column '{}' stands twice", header[i].first), "each column once");
        continue;
      }
      row.put(header[i].first, std::move(value)).key_mark = {name, reader.line, fields[i].second};
    }
    table.put(fields[0].first, std::move(row)).key_mark = {name, reader.line, 1};
  }
  return table;
}

class Includer {
 public:
  /// \throws PlantError with what was noted too
  Reading run(std::string_view text, const std::string& file, std::string name, const std::filesystem::path& folder) {
    Node root;
    try {
      root = resolve(model_detail::parse_yaml(text, file, noted_), folder);
    } catch (const PlantError& fatal) {
      model_detail::fail_with(std::move(noted_), fatal);
    }
    if (root.is_null()) root.kind = Node::Kind::kMapping;
    return {Document(std::move(root), std::move(name)), std::move(noted_)};
  }

  void enter(const std::filesystem::path& file) { open_.push_back(canonical_path(file)); }

 private:
  Node resolve(Node root, const std::filesystem::path& folder) {
    if (!root.is_mapping()) return root;
    if (Node* orders = root.find("orders"); orders != nullptr && orders->is_scalar())
      read_file_of(*orders, "orders", "orders", "a list of orders", folder,
                   [](const std::string& text, const std::string& file, const std::string&, std::vector<Fault>& noted) {
                     return read_table(text, file, noted);
                   });
    if (Node* stations = root.find("stations"); stations != nullptr && stations->is_mapping())
      for (Node& station : stations->children)
        if (Node* setup = station.find("setup"))
          if (Node* matrix = setup->find("matrix"); matrix != nullptr && matrix->is_scalar())
            read_file_of(*matrix, join_path("stations", station.key) + ".setup.matrix", "setup times",
                         "{from: {to: time}}", folder, read_square);
    if (Node* operators = root.find("operators"); operators != nullptr && operators->is_mapping())
      for (Node& pool : operators->children)
        if (Node* walking = pool.find("walking"); walking != nullptr && walking->is_scalar())
          read_file_of(*walking, join_path("operators", pool.key) + ".walking", "walking times", "{from: {to: time}}",
                       folder, read_square);
    const Node* include = root.find("include");
    if (include == nullptr) return root;
    Node under = Node::mapping();
    if (include->is_scalar()) {
      merge(under, read(*include, folder));
    } else if (include->is_sequence()) {
      for (const auto& file : include->children) merge(under, read(file, folder));
    } else if (!include->is_null()) {
      refuse(*include, "include names no file", "a file name or a list of them");
    }
    const auto at = include - root.children.data();
    root.children.erase(root.children.begin() + at);
    under.mark = root.mark;
    merge(under, std::move(root));
    return under;
  }

  [[noreturn]] static void refuse(const Node& node, std::string message, std::string allowed) {
    throw PlantError({fault_at(node.mark, "include", node.scalar, std::move(message), std::move(allowed))});
  }

  Node read(const Node& name, const std::filesystem::path& folder) {
    if (!name.is_scalar() || name.scalar.empty()) refuse(name, "include names no file", "a file name");
    if (folder.empty())
      refuse(name, "text that stands in no folder cannot include files", "a file, or text with a folder");
    const auto file = folder / name.scalar;
    const auto canonical = canonical_path(file);
    if (std::find(open_.begin(), open_.end(), canonical) != open_.end())
      refuse(name, fmt::format("'{}' includes itself", name.scalar),
             "files that do not include each other in a circle");
    if (++files_ > kMaxFiles) refuse(name, "too many files are included", fmt::format("at most {}", kMaxFiles));
    std::string text;
    if (const auto why = read_file(file, kMaxYamlBytes, text); !why.empty())
      refuse(name, fmt::format("the file '{}' {}", name.scalar, why),
             fmt::format("a file of {} beside the one that includes it", at_most(kMaxYamlBytes)));
    open_.push_back(canonical);
    Node root = model_detail::parse_yaml(text, file.generic_string(), noted_);
    if (root.is_null()) root = Node::mapping();
    if (!root.is_mapping())
      refuse(name, fmt::format("'{}' holds no keys", name.scalar), "stations:, products:, calendars: ...");
    root = resolve(std::move(root), file.parent_path());
    open_.pop_back();
    return root;
  }

  /// Puts a table in place of the name of its file, or nothing where there is none.
  /// \param what, instead  what the file holds, and what may stand there instead
  template <class Read>
  void read_file_of(Node& place, const std::string& path, const char* what, const char* instead,
                    const std::filesystem::path& folder, Read&& read) {
    const auto fail = [&](std::string message, std::string allowed) {
      noted_.push_back(fault_at(place.mark, path, place.scalar, std::move(message), std::move(allowed)));
      place.kind = Node::Kind::kNull;
    };
    if (folder.empty())
      return fail(fmt::format("text that stands in no folder cannot name a file of {}", what), instead);
    const auto file = folder / place.scalar;
    std::string text;
    if (const auto why = read_file(file, kMaxTableBytes, text); !why.empty())
      return fail(fmt::format("the file '{}' {}", place.scalar, why),
                  fmt::format("{}, or a file of comma-separated values of {} beside this one", instead,
                              at_most(kMaxTableBytes)));
    Node table = read(text, file.generic_string(), path, noted_);
    table.key = place.key;
    table.key_mark = place.key_mark;
    place = std::move(table);
  }

  std::vector<std::filesystem::path> open_;
  std::size_t files_ = 0;
  std::vector<Fault> noted_;
};

Document whole(Reading reading) {
  if (reading.faults.empty()) return std::move(reading.document);
  model_detail::sort_faults(reading.faults);
  throw PlantError(std::move(reading.faults));
}

}  // namespace

Reading model_detail::load_document(const std::filesystem::path& file) {
  std::string text;
  if (const auto why = read_file(file, kMaxYamlBytes, text); !why.empty())
    throw FormatError(fmt::format("the file '{}' {}; allowed: an existing file of YAML of {}", file.generic_string(),
                                  why, at_most(kMaxYamlBytes)));
  Includer includer;
  includer.enter(file);
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  return includer.run(text, file.generic_string(), file.stem().string(), folder);
}

Reading model_detail::parse_document(std::string_view yaml, const std::string& name,
                                     const std::filesystem::path& folder) {
  return Includer{}.run(yaml, name, name, folder);
}

Document Document::load(const std::filesystem::path& file) { return whole(model_detail::load_document(file)); }

Document Document::parse(std::string_view yaml, const std::string& name, const std::filesystem::path& folder) {
  return whole(model_detail::parse_document(yaml, name, folder));
}

const Node* Document::get(std::string_view path) const {
  const Node* node = &root_;
  for (const auto& part : parse_path(path)) {
    node = child_of(*node, part);
    if (node == nullptr) return nullptr;
  }
  return node;
}

void Document::set(std::string_view path, const Node& value) {
  Setter setter(path, value);
  const auto count = root_.children.size();
  Node* top = setter.top().empty() ? nullptr : root_.find(setter.top());
  const Node before = top == nullptr ? Node::null() : *top;  // setting changes nothing beside it
  try {
    setter.run(root_);
  } catch (...) {
    if (top != nullptr) *top = before;
    if (root_.children.size() > count) root_.children.resize(count);
    throw;
  }
}

}  // namespace twin
