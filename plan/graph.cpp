#include "plan/graph.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>
#include <boost/graph/topological_sort.hpp>
#include <limits>
#include <queue>

namespace sluice::plan {

namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

Graph graph_of(std::uint32_t vertices, std::span<const Edge> edges) {
  Graph graph(vertices);
  for (const Edge& edge : edges) boost::add_edge(edge.before, edge.after, graph);
  return graph;
}

auto successors(const Graph& graph, std::uint32_t vertex) {
  return boost::make_iterator_range(boost::adjacent_vertices(vertex, graph));
}

}  // namespace

std::optional<std::vector<std::uint32_t>> topological_order(std::uint32_t vertices,
                                                            std::span<const Edge> edges) {
  const Graph graph = graph_of(vertices, edges);
  std::vector<std::uint32_t> awaited(vertices, 0);
  for (const Edge& edge : edges) ++awaited[edge.after];
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> open;
  for (std::uint32_t vertex = 0; vertex < vertices; ++vertex) {
    if (awaited[vertex] == 0) open.push(vertex);
  }
  std::vector<std::uint32_t> order;
  while (!open.empty()) {
    const std::uint32_t vertex = open.top();
    open.pop();
    order.push_back(vertex);
    for (const auto next : successors(graph, vertex)) {
      if (--awaited[next] == 0) open.push(static_cast<std::uint32_t>(next));
    }
  }
  if (order.size() != vertices) return std::nullopt;
  return order;
}

std::vector<std::uint32_t> find_cycle(std::uint32_t vertices, std::span<const Edge> edges) {
  const Graph graph = graph_of(vertices, edges);
  std::vector<std::uint32_t> order;
  try {
    boost::topological_sort(graph, std::back_inserter(order));
    return {};
  } catch (const boost::not_a_dag&) {
  }
  // Breadth first from each vertex, the lowest first, until one comes back to itself.
  for (std::uint32_t start = 0; start < vertices; ++start) {
    std::vector<std::uint32_t> from(vertices, vertices);
    std::queue<std::uint32_t> open;
    open.push(start);
    while (!open.empty()) {
      const std::uint32_t vertex = open.front();
      open.pop();
      for (const auto next : successors(graph, vertex)) {
        if (next == start) {
          std::vector<std::uint32_t> cycle;
          for (std::uint32_t at = vertex; at != start; at = from[at]) cycle.push_back(at);
          cycle.push_back(start);
          std::reverse(cycle.begin(), cycle.end());
          return cycle;
        }
        if (from[next] != vertices) continue;
        from[next] = vertex;
        open.push(static_cast<std::uint32_t>(next));
      }
    }
  }
  return {};
}

std::vector<Edge> transitive_reduction(std::uint32_t vertices, std::span<const Edge> edges) {
  std::vector<Edge> all(edges.begin(), edges.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  const auto order = topological_order(vertices, all);
  constexpr std::uint32_t most_vertices = 2'000;
  if (vertices > most_vertices || !order) return all;
  const Graph graph = graph_of(vertices, all);
  // From the end: what a vertex reaches over another of its successors needs no edge of its own.
  std::vector<std::vector<bool>> reaches(vertices, std::vector<bool>(vertices));
  std::vector<std::uint32_t> position(vertices);
  for (std::uint32_t i = 0; i < vertices; ++i) position[(*order)[i]] = i;
  std::vector<Edge> kept;
  for (auto vertex = order->rbegin(); vertex != order->rend(); ++vertex) {
    std::vector<std::uint32_t> next;
    for (const auto after : successors(graph, *vertex)) {
      next.push_back(static_cast<std::uint32_t>(after));
    }
    std::sort(next.begin(), next.end(),
              [&](std::uint32_t a, std::uint32_t b) { return position[a] < position[b]; });
    std::vector<bool>& reached = reaches[*vertex];
    for (const std::uint32_t after : next) {
      if (reached[after]) continue;
      kept.push_back({*vertex, after});
      reached[after] = true;
      for (std::uint32_t i = 0; i < vertices; ++i) {
        if (reaches[after][i]) reached[i] = true;
      }
    }
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

namespace {

// A network for maximum flow: every edge with its reverse, as Boost.Graph asks for.
class Network {
 public:
  explicit Network(std::size_t vertices) : graph_(vertices) {}

  void connect(std::uint32_t from, std::uint32_t to, std::int64_t capacity) {
    const auto forward = boost::add_edge(from, to, {capacity}, graph_).first;
    const auto backward = boost::add_edge(to, from, {0}, graph_).first;
    graph_[forward].reverse = backward;
    graph_[backward].reverse = forward;
  }

  // What the source still reaches once nothing more flows: the smallest minimum cut.
  std::vector<bool> source_side(std::uint32_t source, std::uint32_t sink) {
    boost::push_relabel_max_flow(graph_, source, sink, boost::get(&Arc::capacity, graph_),
                                 boost::get(&Arc::residual, graph_),
                                 boost::get(&Arc::reverse, graph_),
                                 boost::get(boost::vertex_index, graph_));
    std::vector<bool> reached(boost::num_vertices(graph_));
    std::vector<std::uint32_t> open{source};
    reached[source] = true;
    while (!open.empty()) {
      const std::uint32_t vertex = open.back();
      open.pop_back();
      for (const auto arc : boost::make_iterator_range(boost::out_edges(vertex, graph_))) {
        const auto next = static_cast<std::uint32_t>(boost::target(arc, graph_));
        if (graph_[arc].residual == 0 || reached[next]) continue;
        reached[next] = true;
        open.push_back(next);
      }
    }
    return reached;
  }

 private:
  using Row = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
  struct Arc {
    std::int64_t capacity = 0;
    std::int64_t residual = 0;
    Row::edge_descriptor reverse{};
  };
  boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Arc> graph_;
};

}  // namespace

std::vector<bool> heaviest_closure(std::span<const std::int64_t> weights,
                                   std::span<const Edge> needs) {
  const auto vertices = static_cast<std::uint32_t>(weights.size());
  const std::uint32_t source = vertices;
  const std::uint32_t sink = vertices + 1;
  Network network(weights.size() + 2);
  for (std::uint32_t vertex = 0; vertex < vertices; ++vertex) {
    if (weights[vertex] > 0) network.connect(source, vertex, weights[vertex]);
    if (weights[vertex] < 0) network.connect(vertex, sink, -weights[vertex]);
  }
  // More than all weights together: never part of a smallest cut.
  constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max() / 2;
  for (const Edge& need : needs) network.connect(need.before, need.after, unbounded);
  std::vector<bool> chosen = network.source_side(source, sink);
  chosen.resize(vertices);
  return chosen;
}

std::vector<Edge> step_edges(const Plan& plan) {
  std::vector<Edge> edges;
  for (const StepId step : plan.steps.ids()) {
    for (const StepId before : plan.joins[plan.steps[step].join].steps) {
      edges.push_back({before.value, step.value});
    }
  }
  std::sort(edges.begin(), edges.end());
  return edges;
}

std::vector<StepId> critical_path(const Plan& plan, std::span<const base::Duration> lengths) {
  const std::vector<Edge> edges = step_edges(plan);
  const auto order = topological_order(plan.steps.size(), edges);
  SLUICE_CHECK(order.has_value(), "the steps of a plan go round in a circle");
  std::vector<base::Duration> ends(plan.steps.size());
  std::vector<std::uint32_t> from(plan.steps.size(), StepId::none);
  std::uint32_t last = StepId::none;
  for (const std::uint32_t step : *order) {
    base::Duration start;
    for (const StepId before : plan.joins[plan.steps[StepId{step}].join].steps) {
      if (from[step] != StepId::none && ends[before.value] <= start) continue;
      start = ends[before.value];
      from[step] = before.value;
    }
    ends[step] = start + lengths[step];
    const bool later = last == StepId::none || ends[step] > ends[last] ||
                       (ends[step] == ends[last] && step < last);
    if (later) last = step;
  }
  std::vector<StepId> path;
  for (; last != StepId::none; last = from[last]) path.push_back(StepId{last});
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace sluice::plan
