// Pictures of a plan: DOT text of our own making, laid out and drawn by Graphviz in process.
// cgraph and gvc are seen by graph_layout.cpp alone.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::render {

struct GraphStyle {
  bool expand = false;             // lane by lane
  std::uint32_t max_nodes = 1000;  // more are refused when expanding, with what to do instead
  // Coloured with what happened, where there is one; it has the lanes.
  const scheduler::Timeline* timeline = nullptr;
};

base::Result<std::string> graph_dot(const plan::Plan& plan, const GraphStyle& style);

enum class PictureFormat { Svg, Png, Pdf };
base::Result<std::string> draw(std::string_view dot, PictureFormat format);

}  // namespace sluice::render
