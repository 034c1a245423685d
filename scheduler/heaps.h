// Many heaps over one table of nodes: a node is in one of them at most, so that moving it from one
// to another costs no memory. Pairing heaps (Fredman, Sedgewick, Sleator, Tarjan 1986): insert and
// lower cost O(1), pop O(log) amortized. It knows not what the nodes are.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::scheduler {

class Heaps {
 public:
  static constexpr std::uint32_t none = 0xffff'ffff;  // a heap without nodes

  std::uint32_t add() {
    nodes_.emplace_back();
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }
  void reserve(std::size_t nodes) { nodes_.reserve(nodes); }
  std::uint64_t key(std::uint32_t node) const { return nodes_[node].key; }

  // `root` is the heap: its node with the lowest key, or none.
  void insert(std::uint32_t& root, std::uint32_t node, std::uint64_t key) {
    nodes_[node] = {key, none, none, none};
    root = merged(root, node);
  }

  void pop(std::uint32_t& root) {
    // Neighbours in pairs, then all together from the last pair on.
    std::uint32_t next = nodes_[root].child;
    std::uint32_t pairs = none;
    while (next != none) {
      const std::uint32_t first = next;
      const std::uint32_t second = nodes_[first].sibling;
      next = second == none ? none : nodes_[second].sibling;
      const std::uint32_t pair = merged(first, second);
      nodes_[pair].sibling = pairs;
      pairs = pair;
    }
    root = none;
    while (pairs != none) {
      const std::uint32_t pair = pairs;
      pairs = nodes_[pair].sibling;
      root = merged(root, pair);
    }
  }

  bool is_alone(std::uint32_t root, std::uint32_t node) const {
    return root == node && nodes_[node].child == none;
  }
  // The only one in its heap.
  void set_key(std::uint32_t node, std::uint64_t key) { nodes_[node].key = key; }

  // The node is in this heap, and its key was not lower.
  void lower(std::uint32_t& root, std::uint32_t node, std::uint64_t key) {
    nodes_[node].key = key;
    if (node == root) return;
    Node& moved = nodes_[node];
    Node& before = nodes_[moved.previous];
    (before.child == node ? before.child : before.sibling) = moved.sibling;
    if (moved.sibling != none) nodes_[moved.sibling].previous = moved.previous;
    root = merged(root, node);
  }

 private:
  struct Node {
    std::uint64_t key = 0;
    std::uint32_t child = none;     // the first
    std::uint32_t sibling = none;   // the next
    std::uint32_t previous = none;  // sibling, or the parent of a first child
  };

  std::uint32_t merged(std::uint32_t first, std::uint32_t second) {
    if (second == none) return alone(first);
    if (first == none) return alone(second);
    if (nodes_[second].key < nodes_[first].key) std::swap(first, second);
    nodes_[second].previous = first;
    nodes_[second].sibling = nodes_[first].child;
    if (nodes_[first].child != none) nodes_[nodes_[first].child].previous = second;
    nodes_[first].child = second;
    return alone(first);
  }

  std::uint32_t alone(std::uint32_t root) {
    if (root == none) return none;
    nodes_[root].sibling = none;
    nodes_[root].previous = none;
    return root;
  }

  std::vector<Node> nodes_;
};

}  // namespace sluice::scheduler
