#include "agents/door/forwarding.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "codec/idna.h"
#include "trust/arc/seal.h"

namespace chappe::agents {

using net::Task;
using proto::smtp::Reply;
namespace arc = trust::arc;
namespace authres = trust::authres;
using Kind = post::Destination::Kind;

namespace {

const Event kSealed(
    "forward.sealed", Level::info, {"letter", "instance", "cv", "domain", "selector"},
    "A letter that an alias leads to another host was sealed (ARC, RFC 8617): instance counts those who "
    "did so before and us, cv is what became of the chain before us.");
const Event kNotSealed("forward.not_sealed", Level::info, {"letter", "domain", "reason"},
                       "A letter that an alias leads to another host goes on without a seal (ARC, RFC 8617). Where the "
                       "reason is that there is no key, chappe key new makes one for the domain.");

std::string domain_of(std::string_view address) { return to_lower(address.substr(address.rfind('@') + 1)); }

// One is the other, or stands below it.
bool related(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  return a.ends_with(b) && (a.size() == b.size() || a[a.size() - b.size() - 1] == '.');
}

const authres::MethodResult* find(const authres::Results& results, std::string_view method) {
  const auto at = std::ranges::find(results.results, method, &authres::MethodResult::method);
  return at == results.results.end() ? nullptr : &*at;
}

// RFC 8617 §4.4; what is not there was not found.
arc::Status chain_in(const authres::Results& results) {
  const authres::MethodResult* chain = find(results, "arc");
  if (chain == nullptr) return arc::Status::none;
  return chain->result == status_name(arc::Status::pass) ? arc::Status::pass : arc::Status::fail;
}

// What stands behind the name of the field.
std::string value_of(const authres::Results& results) {
  const std::string field = write(results);
  return field.substr(field.find(':') + 1);
}

Result<std::optional<arc::Sealed>> seal_now(const post::Watched& letter, const authres::Results& found,
                                            const post::DkimSigner& signer, Time now) {
  const trust::dkim::SigningKey key{std::make_shared<const crypto::PrivateKey>(signer.key), signer.domain,
                                    signer.selector};
  return arc::seal(letter.letter.fields(), *letter.bodies, chain_in(found), value_of(found), key, now);
}

// RSA, which every verifier knows (RFC 8301 §3), before others.
const post::DkimSigner& best_of(const std::vector<post::DkimSigner>& signers) {
  const auto rsa =
      std::ranges::find_if(signers, [](const post::DkimSigner& s) { return s.key.kind() == crypto::KeyKind::rsa; });
  return rsa == signers.end() ? signers.front() : *rsa;
}

Task<Result<std::optional<post::DkimSigner>>> signer_of(Site* site, std::vector<std::string> vias,
                                                        net::Deadline deadline) {
  for (const std::string& via : vias) {
    if (site->keys == nullptr) break;
    const auto domain = codec::domain_to_ascii(ByteView(via).substr(via.rfind('@') + 1));
    if (!domain) continue;
    const post::DkimSigners signers = CO_TRY(co_await site->keys->signers(*domain, deadline));
    if (!signers->empty()) co_return best_of(*signers);
  }
  co_return std::nullopt;
}

}  // namespace

std::string via_of(const std::string& address, const post::Route::End& end) {
  const bool forward = end.destination.kind == Kind::remote && end.address != address && address.contains('@');
  return forward ? address : std::string();
}

bool forwards(std::span<const post::LetterRecipient> recipients) {
  return std::ranges::any_of(recipients, [](const post::LetterRecipient& r) { return !r.via.empty(); });
}

std::vector<std::string> vias(std::span<const post::LetterRecipient> recipients) {
  std::vector<std::string> out;
  std::set<std::string_view> seen;
  for (const post::LetterRecipient& r : recipients)
    if (!r.via.empty() && seen.insert(r.via).second) out.push_back(r.via);
  return out;
}

trust::dkim::BodyHashKind sealed_body() { return arc::SealOptions().body_kind(); }

Task<Result<void>> rewrite_senders(Site* site, post::Letter* letter, net::Deadline deadline) {
  if (site->return_paths == nullptr || letter->sender.empty() || !forwards(letter->recipients))
    co_return Result<void>();
  const auto sender = co_await site->rcpts.resolve_rcpt(letter->sender, deadline);
  if (!sender && sender.error().temporary()) co_return std::unexpected(sender.error());
  // The hosts of its domain are ours: SPF needs nothing.
  if (sender && sender->kind != post::RcptAnswer::Kind::remote) co_return Result<void>();
  for (post::LetterRecipient& r : letter->recipients)
    if (!r.via.empty()) r.mail_from = site->return_paths->forwarding(letter->sender, r.via);
  co_return Result<void>();
}

std::optional<Reply> may_not_go_on(std::span<const std::string> vias, const authres::Results& found) {
  for (const authres::MethodResult& result : found.results) {
    if (result.method != "dmarc" || result.result == "pass" || result.result == "none") continue;
    const auto author = result.value("header", "from");
    const bool claimed = std::ranges::any_of(
        vias, [&](const std::string& via) { return !author || related(to_lower(*author), domain_of(via)); });
    if (!claimed) continue;
    const std::string who = author ? printable(*author) : "anybody";
    if (result.result == "temperror")
      return Reply(451, "4.7.0", fmt::format("Whether this letter is from {} cannot be found out now", who));
    return Reply(550, "5.7.1",
                 fmt::format("This letter does not prove to be from {}, and is not forwarded as ours", who));
  }
  return std::nullopt;
}

Task<Bytes> seal(Site* site, post::LetterId id, std::vector<std::string> vias,
                 std::shared_ptr<const post::Watched> letter, std::optional<authres::Results> found,
                 net::Deadline deadline) {
  const std::string domain = vias.empty() ? std::string() : domain_of(vias.front());
  const auto without = [&](std::string_view reason) {
    site->log.event(kNotSealed, id.text(), domain, reason);
    return Bytes();
  };
  if (!letter || !found) co_return without("the letter was not judged");
  if (!letter->bodies) co_return without("the header is too large");
  const auto signer = co_await signer_of(site, std::move(vias), deadline);
  if (!signer) co_return without(signer.error().text());
  if (!*signer) co_return without("the domain has no key that signs");
  const auto done = co_await net::offload(
      site->offload,
      [letter = std::move(letter), found = std::move(*found), signer = **signer, now = site->clock.now()] {
        return seal_now(*letter, found, signer, now);
      },
      deadline);
  if (!done) co_return without(done.error().text());
  if (!*done) co_return without(done->error().text());
  // RFC 8617 §4.2.1, §5.1
  if (!**done) co_return without("its chain has failed before, or is as long as can be");
  const arc::Sealed& sealed = ***done;
  site->log.event(kSealed, id.text(), sealed.instance, status_name(sealed.chain), (*signer)->domain,
                  (*signer)->selector);
  co_return sealed.fields;
}

}  // namespace chappe::agents
