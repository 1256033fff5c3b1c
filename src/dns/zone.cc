#include "dns/zone.h"

#include <algorithm>

#include "base/text.h"

namespace chappe::dns {
namespace {

bool of_dnssec(Type type) { return type == Type::rrsig || type == Type::nsec; }

// NSEC3 records and their signatures stand beside the tree: their owners are no names of the zone (RFC 5155 §7.2.8).
bool of_nsec3(const RRset& set) {
  return set.type == Type::nsec3 || (set.type == Type::rrsig && Rrsig::of(set.rdata.front()).covered == Type::nsec3);
}

std::unexpected<Error> wrong(const Name& at, Type type, std::string_view why) {
  return fail(Errc::invalid, "{} {}: {}", printable(at.text()), type_name(type), why);
}

}  // namespace

Result<Zone> Zone::make(const std::vector<Record>& records) {
  Zone zone;
  const auto soa = std::ranges::find(records, Type::soa, &Record::type);
  if (soa == records.end()) return fail(Errc::invalid, "the zone has no SOA; put one at its top");
  zone.apex_ = soa->name;
  for (RRset& set : sets_of(records)) {
    if (!set.name.under(zone.apex_))
      return wrong(set.name, set.type, fmt::format("outside of the zone {}; take it out", zone.apex_.text()));
    if (of_nsec3(set)) {
      zone.denial_.add_nsec3(std::move(set));
    } else {
      zone.tree_.add(std::move(set));
    }
  }
  TRY(zone.check());
  zone.denial_.index(zone.tree_, zone.apex_);
  return zone;
}

Result<void> Zone::check() const {
  if (!top().find(Type::ns)) return wrong(apex_, Type::ns, "missing; name the zone's servers");
  if (const RRset* param = top().find(Type::nsec3param);
      param && Nsec3param::of(param->rdata.front()).iterations > Denial::kMaxIterations)
    return wrong(apex_, Type::nsec3param, fmt::format("more than {} iterations; use 0", Denial::kMaxIterations));
  for (const auto& [owner, node] : tree_.nodes()) {
    for (const RRset& set : node.sets) {
      const bool single = set.type == Type::soa || set.type == Type::cname || set.type == Type::dname;
      if (single && set.rdata.size() > 1) return wrong(owner, set.type, "more than one; keep one");
      if (set.type == Type::soa && owner != apex_) return wrong(owner, set.type, "not at the top; take it out");
      // RFC 2181 §10.1, RFC 4034 §2.5
      if (set.type != Type::cname && !of_dnssec(set.type) && node.find(Type::cname))
        return wrong(owner, set.type, "beside a CNAME, which must be alone; take one of them out");
      // RFC 6672 §2.4
      if (set.type == Type::dname) {
        const auto below = std::next(tree_.nodes().find(owner));
        if (below != tree_.nodes().end() && below->first.under(owner))
          return wrong(owner, set.type,
                       fmt::format("{} stands below it, and would never be found", below->first.text()));
      }
    }
  }
  return {};
}

std::uint32_t Zone::serial() const { return Soa::of(top().find(Type::soa)->rdata.front()).serial; }

// One question on its way through the zone: from the apex down, and on to wherever aliases lead.
class Zone::Walk {
 public:
  Walk(const Zone& zone, const Question& question, bool dnssec)
      : zone_(zone), type_(question.type), at_(question.name), dnssec_(dnssec && zone.is_signed()) {}

  Lookup go() && {
    std::vector<Name> been;
    for (std::size_t i = 0; i <= kMaxChain; ++i) {
      been.push_back(at_);
      if (!step() || !at_.under(zone_.apex_) || std::ranges::find(been, at_) != been.end()) break;
    }
    return std::move(out_);
  }

 private:
  // True: an alias leads to another name, at_.
  bool step() {
    const std::size_t all = at_.label_count();
    for (std::size_t depth = zone_.apex_.label_count(); depth <= all; ++depth) {
      const Name above = at_.suffix(depth);
      const Tree::Node* node = zone_.tree_.at(above);
      if (!node) continue;
      const bool here = depth == all;
      const bool cut = depth > zone_.apex_.label_count() && node->find(Type::ns);
      // RFC 4035 §3.1.4.1: the DS of a zone is above the cut.
      if (cut && !(here && type_ == Type::ds)) return refer(above, *node);
      if (!here && node->find(Type::dname)) return redirect(above, *node);
    }
    const Tree::Found found = zone_.tree_.find(at_);
    if (found.node && matches(*found.node)) return answer(found);
    if (found.node && found.node->find(Type::cname)) return follow(found);
    return deny(found);
  }

  bool matches(const Tree::Node& node) const {
    return type_ == Type::any || std::ranges::any_of(node.sets, [&](const RRset& s) { return s.type == type_; });
  }

  void append(std::vector<Record>& section, const Tree::Node& node, const RRset& set, const Name& owner) {
    const auto same = [&](const Record& r) { return r.type == set.type && r.name == owner; };
    // An alias came by here before. (Of signatures there are many sets, and they are no aliases.)
    if (set.type != Type::rrsig && std::ranges::any_of(section, same)) return;
    append_set(section, set, owner);
    const RRset* signatures = dnssec_ ? node.signatures(set.type) : nullptr;
    if (signatures && set.type != Type::rrsig) append_set(section, *signatures, owner);
  }

  // RFC 4035 §3.1.3.3: what a wildcard gives comes with the proof that nothing closer is there.
  void prove_expansion(const Tree::Found& found) {
    if (dnssec_ && found.wildcard) zone_.denial_.expanded(at_, found.encloser, out_.authority);
  }

  bool answer(const Tree::Found& found) {
    for (const RRset& set : found.node->sets) {
      if (type_ == Type::any ? set.type == Type::rrsig : set.type != type_) continue;
      append(out_.answer, *found.node, set, at_);
      if (type_ == Type::any) break;  // RFC 8482 §4.1: one set is enough
    }
    prove_expansion(found);
    return false;
  }

  bool follow(const Tree::Found& found) {
    const RRset& set = *found.node->find(Type::cname);
    append(out_.answer, *found.node, set, at_);
    prove_expansion(found);
    at_ = Cname::of(set.rdata.front()).target;
    return true;
  }

  bool redirect(const Name& owner, const Tree::Node& node) {
    const RRset& set = *node.find(Type::dname);
    append(out_.answer, node, set, owner);
    auto target = at_.with_suffix(owner, Dname::of(set.rdata.front()).target);
    if (!target) {
      out_.rcode = Rcode::yxdomain;  // RFC 6672 §2.2
      return false;
    }
    // RFC 6672 §3.1: with the DNAME's TTL, and unsigned.
    out_.answer.push_back({at_, Type::cname, set.ttl, Bytes(target->wire())});
    if (type_ == Type::cname) return false;
    at_ = std::move(*target);
    return true;
  }

  bool refer(const Name& cut, const Tree::Node& node) {
    if (out_.answer.empty()) out_.authoritative = false;
    out_.referral = true;
    const RRset& servers = *node.find(Type::ns);
    append_set(out_.authority, servers, cut);
    if (dnssec_) {
      if (const RRset* ds = node.find(Type::ds)) {
        append(out_.authority, node, *ds, cut);
      } else {
        zone_.denial_.no_type(cut, out_.authority);  // RFC 4035 §3.1.4, RFC 5155 §7.2.7
      }
    }
    std::vector<Record> signatures;
    for (const Ns& server : servers.as<Ns>()) glue(server.target, signatures);
    // RFC 4035 §3.1.1: addresses of our own come with signatures, which go first if there is no room.
    out_.additional.insert(out_.additional.end(), signatures.begin(), signatures.end());
    return false;
  }

  void glue(const Name& host, std::vector<Record>& signatures) {
    const Tree::Node* node = host.under(zone_.apex_) ? zone_.tree_.at(host) : nullptr;
    if (!node) return;
    for (const Type type : {Type::a, Type::aaaa}) {
      if (const RRset* set = node->find(type)) append_set(out_.additional, *set, host);
      if (const RRset* set = dnssec_ ? node->signatures(type) : nullptr) append_set(signatures, *set, host);
    }
  }

  // RFC 2308 §3: with the TTL for which the absence may be kept; its signature has the same (RFC 4034 §3).
  void soa() {
    const std::size_t begin = out_.authority.size();
    const RRset& set = *zone_.top().find(Type::soa);
    append(out_.authority, zone_.top(), set, zone_.apex_);
    const std::uint32_t ttl = std::min(set.ttl, Soa::of(set.rdata.front()).minimum);
    for (std::size_t i = begin; i < out_.authority.size(); ++i) out_.authority[i].ttl = ttl;
  }

  bool deny(const Tree::Found& found) {
    const bool nothing = !found.exists && !found.node;
    if (nothing) out_.rcode = Rcode::nxdomain;
    soa();
    if (!dnssec_) return false;
    if (nothing) {
      zone_.denial_.no_name(at_, found.encloser, out_.authority);
    } else if (found.wildcard) {
      zone_.denial_.wildcard_no_type(at_, found.encloser, out_.authority);
    } else {
      zone_.denial_.no_type(at_, out_.authority);
    }
    return false;
  }

  const Zone& zone_;
  const Type type_;
  Name at_;
  const bool dnssec_;
  Lookup out_;
};

Zone::Lookup Zone::look_up(const Question& question, bool dnssec) const { return Walk(*this, question, dnssec).go(); }

Result<void> Zones::add(Zone zone) {
  Name apex = zone.apex();
  if (!zones_.try_emplace(std::move(apex), std::move(zone)).second)
    return fail(Errc::exists, "the zone is there twice");
  return {};
}

const Zone* Zones::around(const Name& name) const {
  for (Name at = name;; at = at.parent()) {
    const auto zone = zones_.find(at);
    if (zone != zones_.end()) return &zone->second;
    if (at.is_root()) return nullptr;
  }
}

const Zone* Zones::find(const Question& question) const {
  const Zone* zone = around(question.name);
  if (!zone || question.type != Type::ds || zone->apex() != question.name || question.name.is_root()) return zone;
  const Zone* above = around(question.name.parent());
  return above ? above : zone;
}

}  // namespace chappe::dns
