// Layout and drawing by Graphviz, in process; the one file that includes it.
#include <fmt/format.h>
#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>

#include <memory>

#include "render/graph.h"

namespace sluice::render {

namespace {

struct FreeContext {
  void operator()(GVC_t* context) const { gvFreeContext(context); }
};
struct CloseGraph {
  void operator()(Agraph_t* graph) const { agclose(graph); }
};

const char* format_name(PictureFormat format) {
  switch (format) {
    case PictureFormat::Svg:
      return "svg";
    case PictureFormat::Png:
      return "png";
    case PictureFormat::Pdf:
      return "pdf";
  }
  return "svg";
}

// Graphviz counts its complaints and prints them; they are of no use to the user.
int be_silent(char*) {
  return 0;
}

}  // namespace

base::Result<std::string> draw(std::string_view dot, PictureFormat format) {
  agseterrf(be_silent);
  const std::unique_ptr<GVC_t, FreeContext> context(gvContext());
  const std::string text(dot);
  const std::unique_ptr<Agraph_t, CloseGraph> graph(agmemread(text.c_str()));
  if (!context || !graph) return base::Error{"Graphviz cannot read the picture that was made"};
  // As sharp as a screen of today; the other formats have no pixels.
  char dpi[] = "dpi";
  char sharp[] = "144";
  if (format == PictureFormat::Png) agattr(graph.get(), AGRAPH, dpi, sharp);
  if (gvLayout(context.get(), graph.get(), "dot") != 0) {
    return base::Error{"Graphviz cannot lay the picture out"};
  }
  char* bytes = nullptr;
  unsigned int length = 0;
  const char* name = format_name(format);
  const bool drawn = gvRenderData(context.get(), graph.get(), name, &bytes, &length) == 0;
  std::string picture = drawn ? std::string(bytes, length) : "";
  if (drawn) gvFreeRenderData(bytes);
  gvFreeLayout(context.get(), graph.get());
  if (!drawn) return base::Error{fmt::format("Graphviz cannot draw as {}", name)};
  return picture;
}

}  // namespace sluice::render
