// YAML in and out. yaml-cpp is seen here only; its events are turned into our tree, with limits against hostile input.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>
#include <algorithm>
#include <sstream>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "document_impl.hpp"
#include "twin/base/error.hpp"

namespace twin {
namespace {

constexpr std::size_t kMaxNodes = 500'000;
constexpr std::size_t kMaxDepth = 64;

/// Stops the reading at the first thing that is no scenario at all.
struct Refused {
  YAML::Mark mark;
  std::string message, allowed;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const std::string> file, std::vector<Fault>& noted)
      : file_(std::move(file)), noted_(noted) {}

  Node take() { return std::move(root_); }
  [[nodiscard]] bool empty() const { return !any_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(Node{}, mark, anchor); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refused{mark, "an alias stands inside what it names", "an anchor that is complete"};
    count(mark, found->second.second);
    if (open_.size() + depth_of(found->second.first) > kMaxDepth) too_deep(mark);
    Node copy = found->second.first;
    copy.key.clear();
    place(std::move(copy), mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    Node node = Node::text(value);
    node.quoted = tag == "!";
    add(std::move(node), mark, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(Node::sequence(), mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(Node::mapping(), mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    std::size_t nodes_before;
    bool has_key = false;
    std::string key;
    Mark key_mark;
    std::unordered_set<std::string> keys;
  };

  static std::size_t depth_of(const Node& node) {
    std::size_t depth = 0;
    for (const auto& child : node.children) depth = std::max(depth, depth_of(child));
    return depth + 1;
  }

  [[nodiscard]] Mark at(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!" || tag.rfind("tag:yaml.org,2002:", 0) == 0) return;
    throw Refused{mark, fmt::format("the tag '{}' means nothing here", tag), "values without tags"};
  }
  static void too_deep(const YAML::Mark& mark) {
    throw Refused{mark, "values are nested too deeply", fmt::format("at most {} levels", kMaxDepth)};
  }
  void count(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) throw Refused{mark, "there are too many values", fmt::format("at most {}", kMaxNodes)};
  }

  void open(Node node, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth) too_deep(mark);
    if (key_expected()) refuse_key(mark);
    count(mark, 1);
    open_.push_back({std::move(node), mark, anchor, nodes_ - 1, false, {}, {}, {}});
  }
  void close() {
    Open top = std::move(open_.back());
    open_.pop_back();
    if (top.anchor != 0) {
      const auto size = nodes_ - top.nodes_before;
      count(top.mark, size);  // the copy kept for aliases
      anchors_[top.anchor] = {top.node, size};
    }
    place(std::move(top.node), top.mark);
  }
  void add(Node node, const YAML::Mark& mark, YAML::anchor_t anchor) {
    count(mark, 1);
    if (anchor != 0) anchors_[anchor] = {node, 1};
    place(std::move(node), mark);
  }

  [[nodiscard]] bool key_expected() const {
    return !open_.empty() && open_.back().node.is_mapping() && !open_.back().has_key;
  }
  static void refuse_key(const YAML::Mark& mark) { throw Refused{mark, "a key must be a name", "name: value"}; }

  /// Path of a key of the innermost mapping.
  [[nodiscard]] std::string path_of(const std::string& key) const {
    std::string path;
    for (auto outer = open_.begin(); outer + 1 != open_.end(); ++outer)
      path = outer->node.is_mapping() ? join_path(path, outer->key)
                                      : fmt::format("{}[{}]", path, outer->node.children.size());
    return join_path(path, key);
  }

  void place(Node node, const YAML::Mark& mark) {
    node.mark = at(mark);
    any_ = true;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& top = open_.back();
    if (key_expected()) {
      if (!node.is_scalar()) refuse_key(mark);
      top.has_key = true;
      top.key = std::move(node.scalar);
      top.key_mark = at(mark);
      return;
    }
    if (top.node.is_mapping()) {
      top.has_key = false;
      node.key = std::move(top.key);
      node.key_mark = top.key_mark;
      if (!top.keys.insert(node.key).second) {
        const Node* first = top.node.find(node.key);
        noted_.push_back({file_ ? *file_ : "", top.key_mark.line, top.key_mark.column, path_of(node.key), node.key,
                          fmt::format("the key '{}' stands twice", node.key),
                          fmt::format("once; it first stands in line {}", first->key_mark.line)});
        return;
      }
    }
    top.node.children.push_back(std::move(node));
  }

  std::shared_ptr<const std::string> file_;
  Node root_;
  bool any_ = false;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, std::pair<Node, std::size_t>> anchors_;
  std::size_t nodes_ = 0;
  std::vector<Fault>& noted_;
};

// Writing -----------------------------------------------------------------------------------------------------------

bool null_like(const std::string& s) { return s.empty() || s == "~" || s == "null" || s == "Null" || s == "NULL"; }

/// True when the text must be quoted to read back, in a flow or (a little less strictly) a block.
bool needs_quotes(const std::string& s, bool flow) {
  if (null_like(s) || s.front() == ' ' || s.back() == ' ' || s.back() == ':') return true;
  if (std::string_view("?:,[]{}#&*!|>'\"%@`=<").find(s.front()) != std::string_view::npos) return true;
  if (s.front() == '-' && (s.size() == 1 || s[1] < '0' || s[1] > '9')) return true;
  if (s == "..." || s.rfind("...", 0) == 0) return true;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const auto c = static_cast<unsigned char>(s[i]);
    if (c < 0x20 || c >= 0x7f) return true;
    if (c == '#' && i > 0 && s[i - 1] == ' ') return true;
    if (c == ':' && (flow || (i + 1 < s.size() && s[i + 1] == ' '))) return true;
    if (flow && std::string_view(",[]{}").find(s[i]) != std::string_view::npos) return true;
  }
  return false;
}

void write_text(std::string& out, const std::string& s, bool quoted, bool flow) {
  if (!quoted && !needs_quotes(s, flow)) {
    out += s;
    return;
  }
  out += '"';
  for (const char c : s) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (u < 0x20 || u == 0x7f) {
      out += fmt::format("\\x{:02x}", u);
    } else {
      out += c;
    }
  }
  out += '"';
}

void write_flow(std::string& out, const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      out += "null";
      return;
    case Node::Kind::kScalar:
      write_text(out, node.scalar, node.quoted, true);
      return;
    case Node::Kind::kSequence:
    case Node::Kind::kMapping:
      break;
  }
  const bool mapping = node.is_mapping();
  out += mapping ? '{' : '[';
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out += ", ";
    if (mapping) {
      write_text(out, node.children[i].key, false, true);
      out += ": ";
    }
    write_flow(out, node.children[i]);
  }
  out += mapping ? '}' : ']';
}

constexpr std::size_t kLineWidth = 100;

/// Length of the one-line form, or more than `limit` as soon as it is known to be longer.
std::size_t flow_length(const Node& node, std::size_t limit) {
  std::size_t length = node.scalar.size() + 2;
  for (const auto& child : node.children) {
    length += child.key.size() + 4;
    if (length > limit) return length;
    length += flow_length(child, limit - length);
    if (length > limit) return length;
  }
  return length;
}

/// Levels of collections in a subtree, up to `limit`.
std::size_t levels(const Node& node, std::size_t limit) {
  if (node.children.empty() || limit == 0) return 0;
  std::size_t deepest = 0;
  for (const auto& child : node.children) deepest = std::max(deepest, levels(child, limit - 1));
  return deepest + 1;
}

/// True when a value stands well on the line of its key: short, and no deeper than a list of pairs.
bool on_one_line(const Node& node, std::size_t indent, bool top) {
  const std::size_t deepest = top ? 1 : 2;
  return node.children.empty() ||
         (levels(node, deepest + 1) <= deepest && flow_length(node, kLineWidth) + indent <= kLineWidth);
}

void write_line(std::string& out, const Node& node) {
  if (node.is_scalar()) {
    write_text(out, node.scalar, node.quoted, false);
  } else {
    write_flow(out, node);
  }
  out += '\n';
}

/// Children of a collection, each on lines of its own; the first starts where the line stands if `inlined`.
void write_block(std::string& out, const Node& node, std::size_t indent, bool top, bool inlined) {
  for (const auto& child : node.children) {
    if (!inlined) out.append(indent, ' ');
    inlined = false;
    if (node.is_mapping()) {
      write_text(out, child.key, false, false);
      out += ':';
    } else {
      out += '-';
    }
    if (on_one_line(child, indent + 2, top)) {
      out += ' ';
      write_line(out, child);
    } else if (node.is_mapping()) {
      out += '\n';
      write_block(out, child, indent + 2, false, false);
    } else {
      out += ' ';
      write_block(out, child, indent + 2, false, true);
    }
  }
}

}  // namespace

void model_detail::sort_faults(std::vector<Fault>& faults) {
  std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
}

void model_detail::fail_with(std::vector<Fault> noted, const PlantError& fatal) {
  noted.insert(noted.end(), fatal.faults().begin(), fatal.faults().end());
  sort_faults(noted);
  throw PlantError(std::move(noted));
}

Node model_detail::parse_yaml(std::string_view yaml, const std::string& file, std::vector<Fault>& noted) {
  const auto name = std::make_shared<const std::string>(file);
  const auto refuse = [&](int line, int column, std::string message, std::string allowed) {
    throw PlantError({Fault{file, line, column, "", "", std::move(message), std::move(allowed)}});
  };
  if (yaml.size() > kMaxYamlBytes)
    refuse(0, 0, fmt::format("the text has {} bytes", yaml.size()), fmt::format("at most {}", kMaxYamlBytes));
  if (const auto zero = yaml.find('\0'); zero != std::string_view::npos) {
    const auto line = 1 + std::count(yaml.begin(), yaml.begin() + static_cast<std::ptrdiff_t>(zero), '\n');
    refuse(static_cast<int>(line), 1, "there is a zero byte: this is no text", "YAML in UTF-8");
  }
  TreeBuilder builder(name, noted);
  try {
    std::istringstream stream{std::string(yaml)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder rest(name, noted);
    if (parser.HandleNextDocument(rest) && !rest.empty())
      refuse(rest.take().mark.line, 1, "there is a second document", "one document in a file");
  } catch (const Refused& refused) {
    refuse(refused.mark.line + 1, refused.mark.column + 1, refused.message, refused.allowed);
  } catch (const YAML::Exception& error) {
    refuse(error.mark.line + 1, error.mark.column + 1, fmt::format("this is no YAML: {}", error.msg), "");
  }
  return builder.take();
}

Node parse_yaml(std::string_view yaml, const std::string& file) {
  std::vector<Fault> noted;
  Node node;
  try {
    node = model_detail::parse_yaml(yaml, file, noted);
  } catch (const PlantError& fatal) {
    model_detail::fail_with(std::move(noted), fatal);
  }
  if (!noted.empty()) throw PlantError(std::move(noted));
  return node;
}

std::string to_yaml_line(const Node& node) {
  std::string out;
  write_flow(out, node);
  return out;
}

std::string to_yaml(const Node& node) {
  if (node.children.empty()) return to_yaml_line(node) + "\n";
  std::string out;
  write_block(out, node, 0, true, false);
  return out;
}

}  // namespace twin
