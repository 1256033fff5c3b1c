#include "post/delivery/route.h"

#include <deque>
#include <set>

namespace chappe::post {

net::Task<Result<Route>> route(RcptSource* source, std::string address, net::Deadline deadline) {
  struct Step {
    std::string address;
    std::size_t depth;
  };
  Route out;
  std::deque<Step> left{{std::move(address), 0}};
  std::set<std::string> seen;
  std::set<std::pair<std::uint32_t, std::string>> mailboxes;
  while (!left.empty()) {
    Step step = std::move(left.front());
    left.pop_front();
    // Two spellings that differ in case only are followed twice at most; the ends are told apart by what they are.
    if (!seen.insert(step.address).second) continue;
    if (seen.size() > kMaxAliasTargets) co_return fail(Errc::too_large, "the alias stands for too many addresses");
    if (step.depth > kMaxAliasDepth) co_return fail(Errc::too_large, "aliases stand for aliases too many times");
    RcptAnswer answer = CO_TRY(co_await source->resolve_rcpt(step.address, deadline));
    switch (answer.kind) {
      case RcptAnswer::Kind::account:
        if (mailboxes.emplace(answer.account.value, answer.mailbox).second)
          out.ends.push_back(
              {std::move(step.address), {Destination::Kind::mailbox, answer.account, std::move(answer.mailbox)}});
        break;
      case RcptAnswer::Kind::mda:
        out.full = answer.full;
        out.ends.push_back({std::move(step.address), {Destination::Kind::mda, {}, {}}});
        break;
      case RcptAnswer::Kind::remote:
        out.ends.push_back({std::move(step.address), {Destination::Kind::remote, {}, {}}});
        break;
      case RcptAnswer::Kind::unknown:
        out.unknown.push_back(std::move(step.address));
        break;
      case RcptAnswer::Kind::alias:
        if (answer.targets.size() > kMaxAliasTargets)
          co_return fail(Errc::too_large, "the alias stands for too many addresses");
        for (std::string& target : answer.targets) left.push_back({std::move(target), step.depth + 1});
        break;
    }
  }
  if (out.ends.empty()) co_return fail(Errc::not_found, "nobody here has this address");
  co_return out;
}

}  // namespace chappe::post
