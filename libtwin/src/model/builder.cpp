#include "twin/model/builder.hpp"

#include <fmt/format.h>

#include "twin/model/quantity.hpp"

namespace twin {
namespace {

Node text_of(double value) { return Node::text(number_text(value)); }
Node text_of(int value) { return Node::text(std::to_string(value)); }
Node text_of(Duration span) { return Node::text(duration_text(span.count())); }
Node text_of(const TimeText& time) { return Node::text(time.text()); }

/// The mapping under a key of a mapping, made if absent.
Node& under(Node& node, const char* key) {
  Node* found = node.find(key);
  return found != nullptr ? *found : node.put(key, Node::mapping());
}

Node& list_under(Node& node, const char* key) {
  Node* found = node.find(key);
  return found != nullptr ? *found : node.put(key, Node::sequence());
}

Node targets(const std::vector<std::pair<std::string, double>>& all) {
  Node out = Node::mapping();
  for (const auto& [step, probability] : all) out.put(step, text_of(probability));
  return out;
}

}  // namespace

Node& PlantBuilder::element(const char* collection, const std::string& name) {
  return under(under(document_.root(), collection), name.c_str());
}

StationBuilder PlantBuilder::station(const std::string& name) {
  element("stations", name);
  return {*this, name};
}

ProductBuilder PlantBuilder::product(const std::string& name) {
  element("products", name);
  return {*this, name};
}

PlantBuilder& PlantBuilder::calendar(const std::string& name,
                                     const std::vector<std::pair<std::string, std::string>>& hours) {
  Node days = Node::mapping();
  for (const auto& [day, text] : hours) days.put(day, Node::text(text));
  under(document_.root(), "calendars").put(name, std::move(days));
  return *this;
}

PlantBuilder& PlantBuilder::order(const OrderOptions& order) {
  Node node = Node::mapping();
  node.put("id", Node::text(order.id));
  node.put("product", Node::text(order.product));
  node.put("quantity", text_of(order.quantity));
  node.put("release", text_of(order.release));
  if (order.due) node.put("due", text_of(*order.due));
  if (order.priority) node.put("priority", text_of(*order.priority));
  list_under(document_.root(), "orders").children.push_back(std::move(node));
  return *this;
}

PlantBuilder& PlantBuilder::epoch(WallTime epoch) {
  document_.root().put("epoch", Node::text(format_wall_time(epoch)));
  return *this;
}

PlantBuilder& PlantBuilder::run(const RunOptions& run) {
  Node node = Node::mapping();
  if (run.warmup != Duration{}) node.put("warmup", text_of(run.warmup));
  if (run.until) node.put("until", text_of(*run.until));
  node.put("replications", text_of(run.replications));
  node.put("seed", Node::text(std::to_string(run.seed)));
  document_.root().put("run", std::move(node));
  return *this;
}

PlantBuilder& PlantBuilder::expect(const std::string& metric, double value) {
  under(document_.root(), "expect").put(metric, text_of(value));
  return *this;
}

PlantBuilder& PlantBuilder::expect(const std::string& metric, const std::string& value) {
  under(document_.root(), "expect").put(metric, Node::text(value));
  return *this;
}

PlantBuilder& PlantBuilder::set(std::string_view path, std::string_view yaml) {
  document_.set(path, yaml);
  return *this;
}

StationBuilder& StationBuilder::machines(int count) {
  node().put("machines", text_of(count));
  return *this;
}

StationBuilder& StationBuilder::machine(const std::string& name, std::optional<double> speed,
                                        const std::string& calendar_name) {
  Node one = Node::mapping();
  if (speed) one.put("speed", text_of(*speed));
  if (!calendar_name.empty()) one.put("calendar", Node::text(calendar_name));
  under(node(), "machines").put(name, std::move(one));
  return *this;
}

StationBuilder& StationBuilder::queue_places(int places) {
  under(node(), "queue").put("places", text_of(places));
  return *this;
}

StationBuilder& StationBuilder::queue_rule(QueueRule rule) {
  under(node(), "queue").put("rule", Node::text(name_of(rule)));
  return *this;
}

StationBuilder& StationBuilder::queue_priority(const std::vector<std::string>& products) {
  under(node(), "queue").put("rule", Node::text(fmt::format("priority({})", fmt::join(products, ", "))));
  return *this;
}

StationBuilder& StationBuilder::lose_when_full() {
  under(node(), "queue").put("if_full", Node::text("lose"));
  return *this;
}

StationBuilder& StationBuilder::failure(const TimeText& after, const TimeText& repair, bool of_work) {
  Node mode = Node::mapping();
  mode.put("after", Node::text(after.text() + (of_work ? " of work" : " of time")));
  mode.put("repair", text_of(repair));
  list_under(node(), "failures").children.push_back(std::move(mode));
  return *this;
}

StationBuilder& StationBuilder::works_in(const std::string& calendar_name) {
  node().put("calendar", Node::text(calendar_name));
  return *this;
}

StationBuilder& StationBuilder::time(const TimeText& time) {
  node().put("time", text_of(time));
  return *this;
}

StationBuilder& StationBuilder::setup(const TimeText& time) {
  node().put("setup", text_of(time));
  return *this;
}

StationBuilder& StationBuilder::changeover(const TimeText& time) {
  node().put("changeover", text_of(time));
  return *this;
}

StationBuilder& StationBuilder::speed(double factor) {
  node().put("speed", text_of(factor));
  return *this;
}

ProductBuilder& ProductBuilder::step(const StepOptions& step) {
  Node out = Node::mapping();
  if (step.at.names.size() == 1) {
    out.put("at", Node::text(step.at.names.front()));
  } else {
    Node all = Node::sequence();
    for (const auto& name : step.at.names) all.children.push_back(Node::text(name));
    out.put("at", std::move(all));
  }
  if (!step.op.empty()) out.put("op", Node::text(step.op));
  if (step.time) out.put("time", text_of(*step.time));
  if (step.setup) out.put("setup", text_of(*step.setup));
  if (step.changeover) out.put("changeover", text_of(*step.changeover));
  if (step.transport) out.put("transport", text_of(*step.transport));
  if (step.choose != ChooseRule::kShortestQueue) out.put("choose", Node::text(name_of(step.choose)));
  Node then = Node::mapping();
  if (!step.then.rework.empty()) then.put("rework", targets(step.then.rework));
  if (!step.then.go_to.empty()) then.put("goto", targets(step.then.go_to));
  if (step.then.leave != 0) then.put("leave", text_of(step.then.leave));
  if (step.then.scrap != 0) then.put("scrap", text_of(step.then.scrap));
  if (!then.children.empty()) out.put("then", std::move(then));
  list_under(node(), "route").children.push_back(std::move(out));
  return *this;
}

ProductBuilder& ProductBuilder::arrivals_every(const TimeText& time) {
  node().put("arrivals", Node::text("every " + time.text()));
  return *this;
}

ProductBuilder& ProductBuilder::saturate() {
  node().put("arrivals", Node::text("saturate"));
  return *this;
}

ProductBuilder& ProductBuilder::conwip(int lots) {
  node().put("arrivals", Node::text(fmt::format("conwip({})", lots)));
  return *this;
}

ProductBuilder& ProductBuilder::priority(int value) {
  node().put("priority", text_of(value));
  return *this;
}

ProductBuilder& ProductBuilder::due(Duration after_release) {
  node().put("due", text_of(after_release));
  return *this;
}

ProductBuilder& ProductBuilder::family(const std::string& name) {
  node().put("family", Node::text(name));
  return *this;
}

}  // namespace twin
