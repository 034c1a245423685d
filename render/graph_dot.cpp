// DOT text of a plan: a cluster a step, a node a child step, an edge where one step waits for
// another. Names come from the user: every one is escaped and cut.
#include <fmt/format.h>

#include <algorithm>

#include "plan/batches.h"
#include "plan/graph.h"
#include "render/graph.h"
#include "render/graph_words.h"
#include "render/state_words.h"
#include "render/text_table.h"
#include "render/timeline_text.h"

namespace sluice::render {

namespace {

using plan::StepId;
using scheduler::State;

constexpr std::uint32_t most_steps_with_tasks = 300;  // more steps are drawn as plain nodes
constexpr std::uint32_t most_steps = 2'000;           // dot's work grows with the cube
constexpr int name_width = 44;

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

// What happened decides, where it is known.
Look look_of(State state) {
  switch (state) {
    case State::Succeeded:
      return {"#ddf5e3", "#2f9e4f"};
    case State::Degraded:
      return {"#fff3d6", "#e0a100"};
    case State::Failed:
    case State::Undone:
    case State::Cancelled:
    case State::Aborted:
      return {"#ffdede", "#c92a2a"};
    case State::Running:
    case State::Paused:
      return {"#dcebfb", "#1c6dd0"};
    default:
      return {"#f1f3f5", "#ced4da"};
  }
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
    line("edge [color=\"#5c6f82\", arrowsize=0.7, penwidth=1.2, fontname=\"Helvetica\"];");
    const bool plain = plan_.steps.size() > most_steps_with_tasks && !style_.expand;
    for (const StepId step : plan_.steps.ids()) {
      if (plan_.steps[step].gate_of.valid()) continue;  // drawn with its step
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

  static std::string small(std::string_view text, int size, int width) {
    return fmt::format("<font point-size=\"{}\" color=\"#51606f\">{}</font>", size,
                       label_text(text, width));
  }

  std::string step_label(StepId id) const {
    std::string label = fmt::format(
        "<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"1\">"
        "<tr><td align=\"left\"><b>{}</b></td></tr>",
        label_text(plan_.steps[id].name, name_width));
    for (const std::string& fact : step_facts(plan_, id)) {
      label += fmt::format("<tr><td align=\"left\">{}</td></tr>", small(fact, 10, 90));
    }
    if (style_.timeline != nullptr) {
      label += fmt::format("<tr><td align=\"left\">{}</td></tr>",
                           small(what_happened(style_.timeline->steps[id.value]), 10, 90));
    }
    return label + "</table>>";
  }

  std::string task_label(StepId id, const plan::Task& task, bool named) const {
    std::string label;
    if (named) label = label_text(task.name, name_width);
    for (const std::string& fact : task_facts(plan_, id, task)) {
      label += (label.empty() ? "" : "<br/>") + small(fact, named ? 9 : 10, 76);
    }
    return "<" + label + ">";
  }

  // "failed · 4s to 12.5s · 3 of 5 targets succeeded"
  static std::string what_happened(const scheduler::StepTimes& times) {
    std::string text = state_words(times.state);
    if (times.start != base::Instant::never()) {
      text += times.end == base::Instant::never()
                  ? fmt::format(" · since {}", time_text(times.start))
                  : fmt::format(" · {} to {}", time_text(times.start), time_text(times.end));
    }
    if (times.targets > 1 && times.state != State::Skipped) {
      text += fmt::format(" · {} of {} targets succeeded", times.succeeded, times.targets);
    }
    return text;
  }

  // Of one lane as it is; of a step's lanes drawn as one: what failed anywhere has failed, what
  // goes on anywhere goes on.
  State state_of(StepId id, std::uint32_t lane, std::uint32_t task) const {
    const scheduler::Timeline& timeline = *style_.timeline;
    if (style_.expand) return timeline.task(plan_, id, lane, task).state;
    State worst = State::NotStarted;
    const auto rank = [](State state) {
      switch (state) {
        case State::Failed:
        case State::Undone:
        case State::Cancelled:
          return 5;
        case State::Running:
          return 4;
        case State::Degraded:
          return 3;
        case State::Succeeded:
          return 2;
        case State::NotStarted:
          return 0;
        default:
          return 1;
      }
    };
    for (std::uint32_t each = 0; each < plan::lane_count(plan_, id); ++each) {
      const State state = timeline.task(plan_, id, each, task).state;
      if (rank(state) > rank(worst)) worst = state;
    }
    return worst;
  }
  Look task_look(StepId id, std::uint32_t lane, std::uint32_t task) const {
    return style_.timeline == nullptr ? look_of(plan_.steps[id].tasks[task])
                                      : look_of(state_of(id, lane, task));
  }
  Look step_look(StepId id) const {
    constexpr Look plain{"#f6f8fa", "#c3cdd7"};
    return style_.timeline == nullptr
               ? plain
               : Look{plain.fill, look_of(style_.timeline->steps[id.value].state).border};
  }

  void node(const std::string& id, const Look& look, const std::string& label) {
    line(fmt::format("  {} [label={}, fillcolor=\"{}\", color=\"{}\"];", id, label, look.fill,
                     look.border));
  }

  void plain_step(StepId id) {
    const Look look = style_.timeline == nullptr ? Look{"#f6f8fa", "#8fa3b8"}
                                                 : look_of(style_.timeline->steps[id.value].state);
    line(fmt::format("{} [label={}, fillcolor=\"{}\", color=\"{}\"];", first_node(id),
                     step_label(id), look.fill, look.border));
  }

  // A step with its gates, which stand right behind it in the table.
  void cluster(StepId id) {
    line(fmt::format("subgraph cluster_{} {{", id.value));
    line(fmt::format("  label={};", step_label(id)));
    const Look look = step_look(id);
    line(fmt::format("  style=\"rounded,filled\"; fillcolor=\"{}\"; color=\"{}\"; margin=10;",
                     look.fill, look.border));
    const std::uint32_t lanes = plan::lane_count(plan_, id);
    if (style_.expand && lanes == 0) {
      line(fmt::format("  {} [label=\"no targets\", style=dashed];", first_node(id)));
    } else if (style_.expand) {
      draw_lanes(id, lanes);
    } else {
      draw_lane(id, 0);
      draw_gates(id);
    }
    line("}");
  }

  std::vector<StepId> gates_of(StepId id) const {
    std::vector<StepId> gates;
    for (StepId gate{id.value + 1}; plan_.steps.contains(gate); ++gate.value) {
      if (plan_.steps[gate].gate_of != id) break;
      gates.push_back(gate);
    }
    return gates;
  }

  // From the last task through the gates, and back to the first with the next batch.
  void draw_gates(StepId id) {
    std::string before = last_node(id);
    for (const StepId gate : gates_of(id)) {
      draw_gate(gate, 0);
      line(fmt::format("  {} -> {} [style=dashed, color=\"#7a5ea8\"];", before, first_node(gate)));
      before = first_node(gate);
    }
    if (before == last_node(id)) return;
    line(
        fmt::format("  {} -> {} [style=dashed, color=\"#7a5ea8\", constraint=false, "
                    "label=< <font point-size=\"9\" color=\"#7a5ea8\">next batch</font>>];",
                    before, first_node(id)));
  }

  void draw_gate(StepId gate, std::uint32_t lane) {
    const plan::Step& step = plan_.steps[gate];
    std::string label = small("between batches", 9, 40) + "<br/>" +
                        label_text(step.name, style_.expand ? 30 : name_width);
    if (!style_.expand) {
      for (const std::string& fact : task_facts(plan_, gate, step.tasks.front())) {
        label += "<br/>" + small(fact, 9, 76);
      }
    }
    const Look look =
        style_.timeline == nullptr ? Look{"#f1ebfa", "#7a5ea8"} : look_of(state_of(gate, lane, 0));
    line(fmt::format("  {} [label=<{}>, fillcolor=\"{}\", color=\"{}\"];", node_id(gate, lane, 0),
                     label, look.fill, look.border));
  }

  // Lane by lane, and batch by batch where there are any.
  void draw_lanes(StepId id, std::uint32_t lanes) {
    const plan::Step& step = plan_.steps[id];
    const bool batched = plan::batch_count(step, lanes) > 1;
    const std::vector<StepId> gates = gates_of(id);
    plan::Batch batch = plan::first_batch(step, lanes);
    bool more = true;
    while (more) {
      if (batched) open_batch(id, batch);
      for (std::uint32_t lane = batch.begin; lane < batch.end; ++lane) draw_lane(id, lane);
      if (batched) line("  }");
      const plan::Batch before = batch;
      more = plan::next_batch(step, lanes, batch);
      if (more) join_batches(id, gates, before, batch);
    }
  }

  void open_batch(StepId id, const plan::Batch& batch) {
    const plan::Step& step = plan_.steps[id];
    std::string label = fmt::format("batch {}", batch.number + 1);
    if (!step.by_groups.empty()) {
      label += fmt::format(", {} {}", fitted(step.by, 20),
                           fitted(plan::to_text(step.by_groups[batch.group].value), 24));
    }
    line(fmt::format("  subgraph cluster_{}_{} {{", id.value, batch.number));
    line(fmt::format("    label=<{}>; style=\"rounded,dashed\"; color=\"#9fb0c0\"; margin=8;",
                     small(label, 10, 60)));
  }

  void join_batches(StepId id, const std::vector<StepId>& gates, const plan::Batch& before,
                    const plan::Batch& after) {
    const auto last = static_cast<std::uint32_t>(plan_.steps[id].tasks.size()) - 1;
    std::string from = node_id(id, before.begin, last);
    for (const StepId gate : gates) {
      draw_gate(gate, before.number);
      const std::string to = node_id(gate, before.number, 0);
      line(fmt::format("  {} -> {} [style=dashed, color=\"#7a5ea8\"];", from, to));
      from = to;
    }
    line(fmt::format("  {} -> {}_lane [style=dashed, color=\"#7a5ea8\"];", from,
                     node_id(id, after.begin, 0)));
  }

  void draw_lane(StepId id, std::uint32_t lane) {
    const plan::Step& step = plan_.steps[id];
    std::string chain;
    if (style_.expand) {
      const std::string name = node_id(id, lane, 0) + "_lane";
      line(fmt::format("  {} [label=<{}>, shape=plaintext, style=\"\", fontsize=10];", name,
                       label_text(plan::lane_name(plan_, id, lane), 30)));
      chain = name;
    }
    for (std::uint32_t task = 0; task < step.tasks.size(); ++task) {
      const std::string name = node_id(id, lane, task);
      const plan::Task& row = step.tasks[task];
      node(name, task_look(id, lane, task),
           style_.expand ? fmt::format("<{}>", label_text(row.name, 30))
                         : task_label(id, row, step.has_child_steps));
      chain += (chain.empty() ? "" : " -> ") + name;
    }
    if (step.verify && !style_.expand) {
      const std::string name = fmt::format("s{}_verify", id.value);
      line(fmt::format("  {} [label=<{}>, style=\"rounded,dashed\", color=\"#2f9e4f\"];", name,
                       small("verified by " + work_facts(plan_, id, *step.verify), 9, 76)));
      chain += " -> " + name;
    }
    if (chain.find("->") == std::string::npos) return;
    line(fmt::format("  {} [color=\"#9fb0c0\", penwidth=1, arrowsize=0.5, weight=50];", chain));
  }

  static std::string node_id(StepId step, std::uint32_t lane, std::uint32_t task) {
    return fmt::format("s{}_l{}_t{}", step.value, lane, task);
  }
  std::string first_node(StepId step) const { return node_id(step, 0, 0); }
  std::string last_node(StepId step) const {
    if (plan_.steps[step].verify && !style_.expand) return fmt::format("s{}_verify", step.value);
    return node_id(step, 0, static_cast<std::uint32_t>(plan_.steps[step].tasks.size()) - 1);
  }

  void edges(bool plain) {
    std::vector<plan::Edge> all = plan::step_edges(plan_);
    all = plan::transitive_reduction(plan_.steps.size(), all);
    for (const plan::Edge& edge : all) {
      const StepId before{edge.before};
      const StepId after{edge.after};
      if (plan_.steps[before].gate_of.valid() || plan_.steps[after].gate_of.valid()) continue;
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
