// DOT text of a plan: a cluster a step, a node a child step, an edge where one step waits for
// another. Names come from the user: every one is escaped and cut.
#include <fmt/format.h>

#include <algorithm>

#include "plan/graph.h"
#include "plan/worst_case.h"
#include "render/graph.h"
#include "render/plan_words.h"
#include "render/text_table.h"

namespace sluice::render {

namespace {

using plan::StepId;

constexpr std::uint32_t most_steps_with_tasks = 300;  // more steps are drawn as plain nodes
constexpr std::uint32_t most_steps = 2'000;           // dot's work grows with the cube
constexpr int name_width = 44;

// Text within an HTML-like label.
std::string html(std::string_view text, int width = name_width) {
  std::string out;
  for (const char c : fitted(text, width)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

struct Look {
  std::string_view fill;
  std::string_view border;
};

Look look_of(const plan::Task& task) {
  if (task.disabled) return {"#f1f3f5", "#ced4da"};
  if (task.effect.drains) return {"#fff3d6", "#e0a100"};
  if (task.effect.restores) return {"#ddf5e3", "#2f9e4f"};
  if (task.effect.interrupts) return {"#ffe3dc", "#d9480f"};
  return {"#ffffff", "#8fa3b8"};
}

class DotWriter {
 public:
  DotWriter(const plan::Plan& plan, const GraphStyle& style) : plan_(plan), style_(style) {}

  std::string write() {
    out_ = "digraph plan {\n";
    line("graph [compound=true, rankdir=" + std::string(style_.expand ? "LR" : "TB") +
         ", nodesep=0.22, ranksep=" + std::string(style_.expand ? "0.4" : "0.28") +
         ", pad=0.2, bgcolor=\"white\", fontname=\"Helvetica\", "
         "fontsize=13, labelloc=t, labeljust=l];");
    line(
        "node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11, "
        "margin=\"0.14,0.07\", height=0.3, penwidth=1.1];");
    line("edge [color=\"#5c6f82\", arrowsize=0.7, penwidth=1.2];");
    const bool plain = plan_.steps.size() > most_steps_with_tasks && !style_.expand;
    for (const StepId step : plan_.steps.ids()) {
      if (plain) {
        plain_step(step);
      } else {
        cluster(step);
      }
    }
    edges(plain);
    out_ += "}\n";
    return std::move(out_);
  }

 private:
  void line(const std::string& text) { out_ += "  " + text + "\n"; }

  std::string targets_text(const plan::Step& step) const {
    if (step.on_controller) return "on the controller";
    const plan::TargetList& list = plan_.target_lists[step.targets];
    std::string text = fmt::format("{} target{}", list.size(), list.size() == 1 ? "" : "s");
    if (list.empty()) return text;
    text += ": " + fitted(plan_.targets.name(list.at(0)), 24);
    if (list.size() == 2) text += ", " + fitted(plan_.targets.name(list.at(1)), 24);
    if (list.size() > 2) text += " … " + fitted(plan_.targets.name(list.at(list.size() - 1)), 24);
    return text;
  }

  // What is said of a step below its name.
  std::string rules_text(StepId id) const {
    const plan::Step& step = plan_.steps[id];
    std::string text = targets_text(step);
    const std::uint32_t lanes = plan::lane_count(plan_, id);
    if (step.window.value < lanes) text += fmt::format(" · window {}", step.window.value);
    if (step.tolerate.value > 0) text += fmt::format(" · {} may fail", step.tolerate.value);
    if (step.on_failure == plan::OnFailure::Continue) text += " · goes on after failures";
    if (step.when == plan::When::Failure) text += " · when something failed";
    if (step.when == plan::When::Always) text += " · always";
    if (step.shared) text += " · shared";
    if (step.disabled) text += " · disabled";
    return text;
  }

  std::string step_label(StepId id) const {
    return fmt::format(
        "<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"1\">"
        "<tr><td align=\"left\"><b>{}</b></td></tr>"
        "<tr><td align=\"left\"><font point-size=\"10\" color=\"#51606f\">{}</font></td></tr>"
        "</table>>",
        html(plan_.steps[id].name), html(rules_text(id), 90));
  }

  std::string task_label(StepId id, const plan::Task& task, bool named) const {
    std::string details = task.action.kind;
    if (task.via.kind == plan::Via::Kind::Controller) details += " via the controller";
    if (task.via.kind == plan::Via::Kind::Each || task.via.kind == plan::Via::Kind::First) {
      details += " via " + via_name(task.via);
    }
    details += " · " + takes_text(plan_, id, task.takes);
    if (task.retry.more > 0)
      details += fmt::format(" · up to {} attempts", std::uint64_t{task.retry.more} + 1);
    if (task.effect.drains) details += " · drains";
    if (task.effect.restores) details += " · restores";
    if (task.effect.interrupts) details += " · interrupts";
    if (named && task.when == plan::When::Always) details += " · always";
    if (named && task.when == plan::When::Failure) details += " · after a failure";
    if (!named) return fmt::format("<<font color=\"#33414e\">{}</font>>", html(details, 70));
    return fmt::format("<{}<br/><font point-size=\"9\" color=\"#51606f\">{}</font>>",
                       html(task.name), html(details, 70));
  }

  std::string via_name(const plan::Via& via) const {
    const plan::TargetList& hosts = plan_.target_lists[via.hosts];
    std::string text = fitted(plan_.targets.name(hosts.at(0)), 24);
    if (hosts.size() > 1) text += fmt::format(" and {} more", hosts.size() - 1);
    return text;
  }

  void node(const std::string& id, const plan::Task& task, const std::string& label) {
    const Look look = look_of(task);
    line(fmt::format("  {} [label={}, fillcolor=\"{}\", color=\"{}\"];", id, label, look.fill,
                     look.border));
  }

  void plain_step(StepId id) {
    line(fmt::format("{} [label={}, fillcolor=\"#f6f8fa\", color=\"#8fa3b8\"];", first_node(id),
                     step_label(id)));
  }

  void cluster(StepId id) {
    line(fmt::format("subgraph cluster_{} {{", id.value));
    line(fmt::format("  label={};", step_label(id)));
    line("  style=\"rounded,filled\"; fillcolor=\"#f6f8fa\"; color=\"#c3cdd7\"; margin=10;");
    const std::uint32_t lanes = style_.expand ? plan::lane_count(plan_, id) : 1;
    if (lanes == 0) line(fmt::format("  {} [label=\"no targets\", style=dashed];", first_node(id)));
    for (std::uint32_t lane = 0; lane < lanes; ++lane) draw_lane(id, lane);
    line("}");
  }

  void draw_lane(StepId id, std::uint32_t lane) {
    const plan::Step& step = plan_.steps[id];
    std::string chain;
    if (style_.expand) {
      const std::string name = node_id(id, lane, 0) + "_lane";
      line(fmt::format("  {} [label=<{}>, shape=plaintext, style=\"\", fontsize=10];", name,
                       html(plan::lane_name(plan_, id, lane), 30)));
      chain = name;
    }
    for (std::uint32_t task = 0; task < step.tasks.size(); ++task) {
      const std::string name = node_id(id, lane, task);
      const plan::Task& row = step.tasks[task];
      node(name, row,
           style_.expand ? fmt::format("<{}>", html(row.name, 30))
                         : task_label(id, row, step.has_child_steps));
      chain += (chain.empty() ? "" : " -> ") + name;
    }
    if (chain.find("->") == std::string::npos) return;
    line(fmt::format("  {} [color=\"#9fb0c0\", penwidth=1, arrowsize=0.5, weight=50];", chain));
  }

  static std::string node_id(StepId step, std::uint32_t lane, std::uint32_t task) {
    return fmt::format("s{}_l{}_t{}", step.value, lane, task);
  }
  std::string first_node(StepId step) const { return node_id(step, 0, 0); }
  std::string last_node(StepId step) const {
    return node_id(step, 0, static_cast<std::uint32_t>(plan_.steps[step].tasks.size()) - 1);
  }

  void edges(bool plain) {
    std::vector<plan::Edge> all = plan::step_edges(plan_);
    all = plan::transitive_reduction(plan_.steps.size(), all);
    for (const plan::Edge& edge : all) {
      const StepId before{edge.before};
      const StepId after{edge.after};
      if (plain) {
        line(fmt::format("{} -> {};", first_node(before), first_node(after)));
        continue;
      }
      const bool empty = style_.expand && plan::lane_count(plan_, before) == 0;
      const std::string from = empty ? first_node(before) : last_node(before);
      const std::string to = style_.expand && plan::lane_count(plan_, after) > 0
                                 ? first_node(after) + "_lane"
                                 : first_node(after);
      // Two ranks long, as the name of the step that it leads to stands in its way; and the
      // earlier, the shorter, so that steps beside each other begin at one height.
      line(fmt::format(
          "{} -> {} [ltail=cluster_{}, lhead=cluster_{}, minlen=2, weight={}, style={}];", from, to,
          before.value, after.value, before.value < 40 ? 40 - before.value : 1,
          plan_.steps[after].when == plan::When::Failure ? "dashed" : "solid"));
    }
  }

  const plan::Plan& plan_;
  const GraphStyle& style_;
  std::string out_;
};

}  // namespace

base::Result<std::string> graph_dot(const plan::Plan& plan, const GraphStyle& style) {
  if (plan.steps.size() > most_steps) {
    return base::Error{
        fmt::format("a picture of {} steps cannot be laid out in useful time; at "
                    "most {} are drawn",
                    plan.steps.size(), most_steps)};
  }
  if (style.expand) {
    std::uint64_t nodes = 0;
    for (const StepId step : plan.steps.ids()) {
      nodes += std::uint64_t{plan::lane_count(plan, step)} * plan.steps[step].tasks.size();
    }
    if (nodes > style.max_nodes) {
      return base::Error{
          fmt::format("laid out target by target the plan has {} nodes, and at most "
                      "{} are drawn; without --expand it is one a step and child "
                      "step",
                      nodes, style.max_nodes)};
    }
  }
  return DotWriter(plan, style).write();
}

}  // namespace sluice::render
