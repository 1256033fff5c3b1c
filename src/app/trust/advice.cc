#include "app/trust/advice.h"

namespace chappe::app {
namespace {

// `id` is one of the words of `ids`.
bool holds(std::string_view ids, std::string_view id) {
  for (std::size_t at = ids.find(id); at != ids.npos; at = ids.find(id, at + 1)) {
    const std::size_t end = at + id.size();
    if ((at == 0 || ids[at - 1] == ' ') && (end == ids.size() || ids[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

const Advice* advice_on(Topic topic, std::string_view id) {
  for (const auto part : {proof_advice(), host_advice(), policy_advice()})
    for (const Advice& advice : part)
      if (advice.topic == topic && holds(advice.ids, id)) return &advice;
  return nullptr;
}

}  // namespace chappe::app
