#include "post/reputation/sighting.h"

#include <algorithm>
#include <tuple>

#include "trust/mail_domain.h"

namespace chappe::post {
namespace {

namespace dkim = trust::dkim;
namespace dmarc = trust::dmarc;
namespace spf = trust::spf;

Proof proof_of(const dkim::SignatureVerdict& v) {
  switch (v.result()) {
    case dkim::ResultCode::pass:
      return v.body && v.body->uncovered() > 0 ? Proof::none : Proof::pass;
    case dkim::ResultCode::temperror:
      return Proof::temperror;
    case dkim::ResultCode::fail:
    case dkim::ResultCode::policy:
    case dkim::ResultCode::permerror:
      return Proof::fail;
    case dkim::ResultCode::neutral:
    case dkim::ResultCode::none:
      return Proof::none;
  }
  std::unreachable();
}

Proof proof_of(spf::ResultCode result) {
  switch (result) {
    case spf::ResultCode::pass:
      return Proof::pass;
    case spf::ResultCode::temperror:
      return Proof::temperror;
    case spf::ResultCode::fail:
    case spf::ResultCode::softfail:
      return Proof::fail;
    case spf::ResultCode::none:
    case spf::ResultCode::neutral:
    case spf::ResultCode::permerror:
      return Proof::none;
  }
  std::unreachable();
}

Proof proof_of(dmarc::Outcome outcome) {
  switch (outcome) {
    case dmarc::Outcome::pass:
      return Proof::pass;
    case dmarc::Outcome::fail:
      return Proof::fail;
    case dmarc::Outcome::temperror:
      return Proof::temperror;
    case dmarc::Outcome::none:
    case dmarc::Outcome::permerror:
      return Proof::none;
  }
  std::unreachable();
}

// pass, temperror, fail, none
int rank(Proof proof) {
  return proof == Proof::pass ? 3 : proof == Proof::temperror ? 2 : proof == Proof::fail ? 1 : 0;
}

class Drawing {
 public:
  void add(IdentityKind kind, ByteView name, Proof proof) {
    const auto domain = trust::mail_domain(name);
    if (domain) add(Identity{kind, *domain}, proof);
  }
  void add(Identity identity, Proof proof) {
    const auto same = std::ranges::find(names_, identity, &Named::identity);
    if (same == names_.end()) {
      names_.push_back({std::move(identity), proof});
    } else if (rank(proof) > rank(same->proof)) {
      same->proof = proof;
    }
  }
  bool proves(std::string_view domain) const {
    return std::ranges::any_of(names_, [&](const Named& n) {
      return n.proof == Proof::pass && n.identity.name == domain &&
             (n.identity.kind == IdentityKind::dkim || n.identity.kind == IdentityKind::mail_from);
    });
  }
  Sighting take() {
    Sighting out;
    for (const bool answers : {true, false})
      for (Named& named : names_)
        if (named.answers() == answers && out.names.size() < kMostNamed) out.names.push_back(std::move(named));
    return out;
  }

 private:
  std::vector<Named> names_;
};

}  // namespace

net::Task<Sighting> sight(dns::Resolver* resolver, const trust::Judgement* judgement, net::Deadline deadline) {
  const trust::Judgement& j = *judgement;
  Drawing drawing;
  if (auto network = network_of(j.envelope.ip))
    drawing.add(std::move(*network), j.decisive() ? proof_of(j.decisive()->result) : Proof::none);
  if (j.spf) drawing.add(IdentityKind::mail_from, j.spf->domain, proof_of(j.spf->result));
  if (j.dmarc.empty()) co_return drawing.take();
  for (const dkim::SignatureVerdict& v : j.dkim.signatures)
    if (v.reason != dkim::Reason::not_looked_at && !v.testing())
      drawing.add(IdentityKind::dkim, v.signature.domain, proof_of(v));
  for (const dmarc::Verdict& v : j.dmarc) {
    std::string organization = v.organization;
    if (organization.empty()) {
      dmarc::Discoverer discoverer(*resolver, deadline);
      const auto author = dns::Name::parse(v.author);
      if (!author) continue;
      const std::size_t walked = co_await discoverer.walk(*author);
      const dmarc::Walk& walk = discoverer.discovery().walks[walked];
      if (!walk.organization) continue;
      organization = walk.organization->domain();
    }
    Proof proof = proof_of(v.result);
    // Without a record nobody has said what proves the domain. Its very name, proved by either method, does.
    if (proof == Proof::none && (drawing.proves(v.author) || drawing.proves(organization))) proof = Proof::pass;
    drawing.add(IdentityKind::author, organization, proof);
  }
  co_return drawing.take();
}

}  // namespace chappe::post
