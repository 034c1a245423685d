#include "plan/batches.h"

#include <algorithm>

namespace sluice::plan {

namespace {

std::uint32_t size_of(const Step& step, std::uint32_t number, std::uint32_t rest) {
  const std::vector<Limit>& sizes = step.batches.sizes;
  if (sizes.empty()) return rest;
  const std::size_t last = sizes.size() - 1;
  return std::max(1U, std::min(sizes[std::min<std::size_t>(number, last)].value, rest));
}

std::uint32_t group_end(const Step& step, std::uint32_t lanes, std::uint32_t group,
                        std::uint32_t begin) {
  if (group >= step.by_groups.size()) return lanes;
  return std::min(lanes, begin + step.by_groups[group].count);
}

// How many batches [begin, end) is cut into, the first of them being number `number`.
std::uint32_t batches_in(const Step& step, std::uint32_t number, std::uint32_t begin,
                         std::uint32_t end) {
  std::uint32_t count = 0;
  while (begin < end && number + count + 1 < step.batches.sizes.size()) {
    begin += size_of(step, number + count, end - begin);
    ++count;
  }
  if (begin >= end) return count;
  const std::uint32_t size = size_of(step, number + count, end - begin);
  return count + (end - begin - 1) / size + 1;
}

// Counts the batches that begin before `until`.
std::uint32_t count_until(const Step& step, std::uint32_t lanes, std::uint32_t until) {
  std::uint32_t count = 0;
  std::uint32_t group = 0;
  for (std::uint32_t begin = 0; begin < until; ++group) {
    const std::uint32_t end = group_end(step, lanes, group, begin);
    count += batches_in(step, count, begin, std::min(end, until));
    begin = end;
  }
  return count;
}

}  // namespace

Batch first_batch(const Step& step, std::uint32_t lanes) {
  Batch batch;
  batch.group_end = group_end(step, lanes, 0, 0);
  batch.end = lanes == 0 ? 0 : size_of(step, 0, batch.group_end);
  return batch;
}

bool next_batch(const Step& step, std::uint32_t lanes, Batch& batch) {
  if (batch.end >= lanes) return false;
  ++batch.number;
  batch.begin = batch.end;
  while (batch.begin >= batch.group_end) {
    batch.group_end = group_end(step, lanes, ++batch.group, batch.begin);
  }
  batch.end = batch.begin + size_of(step, batch.number, batch.group_end - batch.begin);
  return true;
}

std::uint32_t batch_count(const Step& step, std::uint32_t lanes) {
  return count_until(step, lanes, lanes);
}

// The batches that begin before the lane's end, but the one that it is in.
std::uint32_t batch_of(const Step& step, std::uint32_t lanes, std::uint32_t lane) {
  return count_until(step, lanes, lane + 1) - 1;
}

std::uint32_t batch_number(const Plan& plan, StepId step, std::uint32_t lane) {
  const Step& row = plan.steps[step];
  if (row.gate_of.valid()) return lane + 1;
  if (row.batches.sizes.empty()) return 0;
  return batch_of(row, lane_count(plan, step), lane) + 1;
}

}  // namespace sluice::plan
