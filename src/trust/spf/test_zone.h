// The DNS of the openspf.org suites as a Resolver: names with records of any octets, answered from memory at once. A
// name of which nothing is said does not exist; an alias is followed, and a circle of them is servfail.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "dns/resolver.h"

namespace chappe::trust::spf {

class TestZone final : public dns::Resolver {
 public:
  // Labels between dots, of any octets; in wire form, lower case.
  static dns::Name name(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    Bytes wire;
    if (!text.empty())
      for (const std::string_view label : split(text, '.')) wire += static_cast<char>(label.size()) + to_lower(label);
    return dns::Name::from_wire(wire + '\0').value();
  }
  static bool possible(std::string_view text) {
    for (const std::string_view label : split(text, '.'))
      if (label.empty() || label.size() > dns::Name::kMaxLabel) return false;
    return text.size() <= 253;
  }

  void add(std::string_view owner, dns::Type type, Bytes rdata) {
    sets_[{name(owner), type}].push_back(std::move(rdata));
    names_.insert(name(owner));
  }
  void txt(std::string_view owner, const std::vector<std::string>& strings, dns::Type type = dns::Type::txt) {
    Bytes rdata;
    for (const std::string& s : strings)
      for (std::size_t at = 0; at == 0 || at < s.size(); at += 255) {
        const std::string piece = s.substr(at, 255);
        rdata += static_cast<char>(piece.size()) + piece;
      }
    add(owner, type, rdata.empty() ? Bytes(1, '\0') : rdata);
  }
  void mx(std::string_view owner, unsigned preference, std::string_view exchange) {
    add(owner, dns::Type::mx,
        Bytes{static_cast<char>(preference >> 8), static_cast<char>(preference)} + Bytes(name(exchange).wire()));
  }
  void pointer(std::string_view owner, dns::Type type, std::string_view target) {
    add(owner, type, Bytes(name(target).wire()));
  }
  // 192.0.2.1, 2001:db8::1
  void address(std::string_view owner, std::string_view ip) {
    const dns::Type type = ip.contains(':') ? dns::Type::aaaa : dns::Type::a;
    add(owner, type, dns::rdata_from_text(type, ip).value());
  }
  // Every question about `owner` for which there is no record ends so.
  void trouble(std::string_view owner, dns::Outcome outcome) { troubles_[name(owner)] = outcome; }
  // The name exists, whether it has records or not.
  void exists(std::string_view owner) { names_.insert(name(owner)); }

  net::Task<dns::Answer> ask(dns::Question question, net::Deadline) override {
    asked.push_back(question.text());
    dns::Answer answer = dns::without_records(question, dns::Outcome::nxdomain);
    dns::Name at = question.name;
    std::set<dns::Name> passed;
    for (;;) {
      answer.canonical = at;
      if (!passed.insert(at).second) {
        answer.outcome = dns::Outcome::servfail;
        co_return answer;
      }
      if (const auto found = sets_.find({at, question.type}); found != sets_.end()) {
        answer.outcome = dns::Outcome::answer;
        answer.records = {at, question.type, 300, found->second};
        co_return answer;
      }
      const auto alias = sets_.find({at, dns::Type::cname});
      if (alias == sets_.end()) break;
      answer.chain.push_back({at, dns::Type::cname, 300, alias->second.front()});
      at = dns::Name::from_wire(alias->second.front()).value();
    }
    if (const auto trouble = troubles_.find(at); trouble != troubles_.end()) {
      answer.outcome = trouble->second;
    } else {
      for (const dns::Name& known : names_)
        if (known.under(at)) answer.outcome = dns::Outcome::nodata;
    }
    co_return answer;
  }

  std::vector<std::string> asked;  // "example.org. TXT", in order

 private:
  std::map<std::pair<dns::Name, dns::Type>, std::vector<Bytes>> sets_;
  std::set<dns::Name> names_;
  std::map<dns::Name, dns::Outcome> troubles_;
};

}  // namespace chappe::trust::spf
