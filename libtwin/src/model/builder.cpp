#include "twin/model/builder.hpp"

#include <fmt/format.h>

#include "twin/model/quantity.hpp"

namespace twin {
namespace {

Node text_of(double value) { return Node::text(number_text(value)); }
Node text_of(int value) { return Node::text(std::to_string(value)); }
Node text_of(Duration span) { return Node::text(duration_text(span.count())); }
Node text_of(const TimeText& time) { return Node::text(time.text()); }

/// The mapping under a key of a mapping, made if absent; of what was said otherwise, the last word counts.
Node& under(Node& node, const char* key) {
  Node* found = node.find(key);
  return found != nullptr && found->is_mapping() ? *found : node.put(key, Node::mapping());
}

Node& list_under(Node& node, const char* key) {
  Node* found = node.find(key);
  return found != nullptr && found->is_sequence() ? *found : node.put(key, Node::sequence());
}

Node texts(const std::vector<std::string>& all) {
  Node out = Node::sequence();
  for (const auto& text : all) out.children.push_back(Node::text(text));
  return out;
}

void put_time(Node& node, const char* key, const std::optional<TimeText>& time) {
  if (time) node.put(key, text_of(*time));
}

void put_amounts(Node& node, const char* key, const Amounts& amounts) {
  if (!amounts.said()) return;
  Node all = Node::mapping();
  for (const auto& [name, amount] : *amounts.said()) all.put(name, text_of(amount));
  node.put(key, std::move(all));
}

Node targets(const std::vector<std::pair<std::string, double>>& all) {
  Node out = Node::mapping();
  for (const auto& [step, probability] : all) out.put(step, text_of(probability));
  return out;
}

/// A mapping of one text.
Node under_key(const char* key, const std::string& text) {
  Node out = Node::mapping();
  out.put(key, Node::text(text));
  return out;
}

Node failure_node(const FailureOptions& failure) {
  Node mode = Node::mapping();
  mode.put("after", Node::text(failure.after.text() + (failure.of_work ? " of work" : " of time")));
  mode.put("repair", text_of(failure.repair));
  put_amounts(mode, "needs", failure.needs);
  if (failure.times) mode.put("times", text_of(*failure.times));
  if (!failure.name.empty()) mode.put("name", Node::text(failure.name));
  return mode;
}

Node then_node(const ThenOptions& then) {
  Node out = Node::mapping();
  if (!then.rework.empty()) out.put("rework", targets(then.rework));
  if (!then.go_to.empty()) out.put("goto", targets(then.go_to));
  if (then.leave != 0) out.put("leave", text_of(then.leave));
  if (then.scrap != 0) out.put("scrap", text_of(then.scrap));
  if (then.limit) out.put("limit", text_of(*then.limit));
  if (!then.beyond.empty()) out.put("beyond", Node::text(then.beyond));
  if (!then.beyond_step.empty()) out.put("beyond", under_key("goto", then.beyond_step));
  return out;
}

Node step_node(const StepOptions& step) {
  Node out = Node::mapping();
  if (step.at.names.size() == 1) {
    out.put("at", Node::text(step.at.names.front()));
  } else if (!step.at.names.empty() || step.parallel.empty()) {
    out.put("at", texts(step.at.names));
  }
  if (!step.parallel.empty()) {
    Node branches = Node::mapping();
    for (const auto& [name, steps] : step.parallel) {
      Node branch = Node::sequence();
      for (const auto& one : steps) branch.children.push_back(step_node(one));
      branches.put(name, std::move(branch));
    }
    out.put("parallel", std::move(branches));
  }
  if (!step.op.empty()) out.put("op", Node::text(step.op));
  put_time(out, "time", step.time);
  if (!step.times.empty()) {
    Node times = Node::mapping();
    for (const auto& [station, time] : step.times) times.put(station, text_of(time));
    out.put("time", std::move(times));
  }
  put_time(out, "setup", step.setup);
  put_time(out, "changeover", step.changeover);
  put_time(out, "transport", step.transport);
  if (!step.choose_by.empty()) {
    out.put("choose", Node::text(fmt::format("expr({})", step.choose_by)));
  } else if (step.choose != ChooseRule::kShortestQueue) {
    out.put("choose", Node::text(name_of(step.choose)));
  }
  put_amounts(out, "needs", step.needs);
  put_amounts(out, "uses", step.uses);
  put_amounts(out, "makes", step.makes);
  if (!step.family.empty()) out.put("family", Node::text(step.family));
  put_time(out, "max_wait", step.max_wait);
  if (!step.same_as.empty()) out.put("same_as", Node::text(step.same_as));
  if (!step.same_station_as.empty()) out.put("same_as", under_key("station", step.same_station_as));
  if (step.only) out.put("only", text_of(*step.only));
  if (step.sample) {
    Node sample = Node::mapping();
    sample.put("every", text_of(step.sample->every));
    if (step.sample->first) sample.put("first", text_of(*step.sample->first));
    out.put("sample", std::move(sample));
  }
  if (step.within) {
    Node within = under_key("of", step.within->of);
    within.put("time", text_of(step.within->time));
    out.put("within", std::move(within));
  }
  if (step.if_overdue) {
    Node overdue = Node::text(step.if_overdue->text());
    if (step.if_overdue->is_step()) overdue = under_key("rework", step.if_overdue->text());
    out.put("if_overdue", std::move(overdue));
  }
  if (Node then = then_node(step.then); !then.children.empty()) out.put("then", std::move(then));
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

void PlantBuilder::pool(const char* collection, const std::string& name, int count, const std::string& calendar_name,
                        const std::vector<std::string>& skills) {
  Node& node = under(document_.root(), collection);
  if (calendar_name.empty() && skills.empty()) {
    node.put(name, text_of(count));
    return;
  }
  Node out = Node::mapping();
  out.put("count", text_of(count));
  if (!calendar_name.empty()) out.put("calendar", Node::text(calendar_name));
  if (!skills.empty()) out.put("skills", texts(skills));
  node.put(name, std::move(out));
}

PlantBuilder& PlantBuilder::operators(const std::string& name, int count, const std::string& calendar_name,
                                      const std::vector<std::string>& skills) {
  pool("operators", name, count, calendar_name, skills);
  return *this;
}

PlantBuilder& PlantBuilder::tools(const std::string& name, int count, const std::string& calendar_name,
                                  const std::vector<std::string>& skills) {
  pool("tools", name, count, calendar_name, skills);
  return *this;
}

PlantBuilder& PlantBuilder::material(const std::string& name, const MaterialOptions& material) {
  Node out = Node::mapping();
  out.put("level", text_of(material.level));
  if (material.places) out.put("places", text_of(*material.places));
  if (material.supply) {
    Node supply = Node::mapping();
    supply.put("every", text_of(*material.supply));
    supply.put("lot", text_of(material.lot));
    out.put("supply", std::move(supply));
  }
  if (const auto& reorder = material.reorder) {
    Node node = Node::mapping();
    node.put("at", text_of(reorder->at));
    if (reorder->up_to) node.put("up_to", text_of(*reorder->up_to));
    if (reorder->lot) node.put("lot", text_of(*reorder->lot));
    if (reorder->review) node.put("review", text_of(*reorder->review));
    put_time(node, "lead", reorder->lead);
    if (!reorder->cost.empty()) node.put("cost", Node::text(reorder->cost));
    out.put("reorder", std::move(node));
  }
  for (const auto& [key, cost] :
       {std::pair{"price", &material.price}, {"holding", &material.holding}, {"shortage", &material.shortage}})
    if (!cost->empty()) out.put(key, Node::text(*cost));
  under(document_.root(), "materials").put(name, std::move(out));
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
  for (const OrderChange& change : order.changes) {
    Node one = Node::mapping();
    one.put("at", text_of(change.at));
    if (change.priority) one.put("priority", text_of(*change.priority));
    if (change.due) one.put("due", text_of(*change.due));
    if (change.quantity) one.put("quantity", text_of(*change.quantity));
    if (!change.cancel.empty()) one.put("cancel", Node::text(change.cancel));
    if (!change.to.empty()) one.put("to", Node::text(change.to));
    if (change.lots) one.put("lots", text_of(*change.lots));
    list_under(node, "changes").children.push_back(std::move(one));
  }
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
                                        const std::string& calendar_name, const std::vector<std::string>& does) {
  Node one = Node::mapping();
  if (speed) one.put("speed", text_of(*speed));
  if (!calendar_name.empty()) one.put("calendar", Node::text(calendar_name));
  if (!does.empty()) one.put("does", texts(does));
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

StationBuilder& StationBuilder::queue_rule(const std::string& rule) {
  under(node(), "queue").put("rule", Node::text(rule));
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

StationBuilder& StationBuilder::preempt(const std::string& then) {
  under(node(), "queue").put("preempt", Node::text(then));
  return *this;
}

StationBuilder& StationBuilder::failure(const TimeText& after, const TimeText& repair, bool of_work) {
  return failure({.after = after, .repair = repair, .of_work = of_work});
}

StationBuilder& StationBuilder::failure(const FailureOptions& failure) {
  Node& owner = failure.machine.empty() ? node() : under(under(node(), "machines"), failure.machine.c_str());
  list_under(owner, "failures").children.push_back(failure_node(failure));
  return *this;
}

StationBuilder& StationBuilder::maintenance(const MaintenanceOptions& maintenance) {
  Node one = Node::mapping();
  one.put("every", Node::text(maintenance.every));
  one.put("takes", text_of(maintenance.takes));
  if (!maintenance.window.empty()) one.put("window", Node::text(maintenance.window));
  put_amounts(one, "needs", maintenance.needs);
  if (!maintenance.renews.empty()) one.put("renews", texts(maintenance.renews));
  list_under(node(), "maintenance").children.push_back(std::move(one));
  return *this;
}

StationBuilder& StationBuilder::degradation(const std::vector<WearState>& states, bool of_work) {
  Node all = Node::sequence();
  for (const WearState& state : states) {
    Node one = Node::mapping();
    one.put("state", Node::text(state.state));
    if (state.lasts) one.put("lasts", Node::text(state.lasts->text() + (of_work ? " of work" : " of time")));
    if (state.speed != 1) one.put("speed", text_of(state.speed));
    if (state.scrap != 0) one.put("scrap", text_of(state.scrap));
    put_time(one, "repair", state.repair);
    if (state.when_free) one.put("when", Node::text("free"));
    put_amounts(one, "needs", state.needs);
    all.children.push_back(std::move(one));
  }
  node().put("degradation", std::move(all));
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

StationBuilder& StationBuilder::setup_by(const std::string& by, const SetupOptions& setup) {
  Node out = Node::mapping();
  out.put("by", Node::text(by));
  if (!setup.matrix.empty()) {
    Node matrix = Node::mapping();
    for (const auto& [from, row] : setup.matrix) {
      Node cells = Node::mapping();
      for (const auto& [to, time] : row) cells.put(to, text_of(time));
      matrix.put(from, std::move(cells));
    }
    out.put("matrix", std::move(matrix));
  }
  put_time(out, "same", setup.same);
  put_time(out, "otherwise", setup.otherwise);
  put_time(out, "first", setup.first);
  if (setup.min_run != 1) out.put("min_run", text_of(setup.min_run));
  put_time(out, "teardown", setup.teardown);
  if (!setup.teardowns.empty()) {
    Node teardowns = Node::mapping();
    for (const auto& [kind, time] : setup.teardowns) teardowns.put(kind, text_of(time));
    out.put("teardown", std::move(teardowns));
  }
  node().put("setup", std::move(out));
  return *this;
}

StationBuilder& StationBuilder::batch(const BatchOptions& batch) {
  Node out = Node::mapping();
  out.put("max", text_of(batch.max));
  if (batch.min != 1) out.put("min", text_of(batch.min));
  if (batch.wait) out.put("wait", text_of(*batch.wait));
  if (!batch.by.empty()) out.put("by", Node::text(batch.by));
  node().put("batch", std::move(out));
  return *this;
}

StationBuilder& StationBuilder::needs(const std::string& name, int amount) {
  under(node(), "needs").put(name, text_of(amount));
  return *this;
}

StationBuilder& StationBuilder::uses(const std::string& material, int amount) {
  under(node(), "uses").put(material, text_of(amount));
  return *this;
}

StationBuilder& StationBuilder::makes(const std::string& material, int amount) {
  under(node(), "makes").put(material, text_of(amount));
  return *this;
}

StationBuilder& StationBuilder::polling(const TimeText& change, const std::string& serve, const std::string& by) {
  Node out = Node::mapping();
  out.put("change", text_of(change));
  out.put("serve", Node::text(serve));
  if (!by.empty()) out.put("by", Node::text(by));
  node().put("polling", std::move(out));
  return *this;
}

StationBuilder& StationBuilder::block_before() {
  node().put("blocking", Node::text("before"));
  return *this;
}

StationBuilder& StationBuilder::cycle(Duration cycle) {
  node().put("cycle", text_of(cycle));
  return *this;
}

StationBuilder& StationBuilder::speed(double factor) {
  node().put("speed", text_of(factor));
  return *this;
}

ProductBuilder& ProductBuilder::step(const StepOptions& step) {
  list_under(node(), "route").children.push_back(step_node(step));
  return *this;
}

ProductBuilder& ProductBuilder::arrivals_every(const TimeText& time) {
  node().put("arrivals", Node::text("every " + time.text()));
  return *this;
}

ProductBuilder& ProductBuilder::arrivals_every(const TimeText& time, const CountText& lots) {
  Node out = Node::mapping();
  out.put("every", text_of(time));
  out.put("lots", Node::text(lots.text()));
  node().put("arrivals", std::move(out));
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

ProductBuilder& ProductBuilder::due(const std::string& rule) {
  node().put("due", Node::text(rule));
  return *this;
}

ProductBuilder& ProductBuilder::family(const std::string& name) {
  node().put("family", Node::text(name));
  return *this;
}

}  // namespace twin
