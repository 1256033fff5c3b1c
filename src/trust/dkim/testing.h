// What the tests of DKIM and ARC share: letters with CRLF, resolvers from a zone text, a whole verification, and the
// public vectors.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "dns/zone_resolver.h"
#include "message/letter.h"
#include "trust/dkim/test_canon.h"
#include "trust/dkim/verify.h"

namespace chappe::trust::dkim {

// Line ends as on the wire, whatever they were.
inline std::string crlf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

// A TXT record of a zone text, in strings of at most 255 octets.
inline std::string txt(std::string_view name, std::string_view value) {
  std::string out = std::string(name) + " TXT";
  do {
    out += " \"";
    for (const char c : value.substr(0, 200)) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
    value.remove_prefix(std::min<std::size_t>(200, value.size()));
  } while (!value.empty());
  return out + "\n";
}

inline std::unique_ptr<dns::ZoneResolver> zone(std::string_view text) {
  auto made = dns::ZoneResolver::from_text(text);
  EXPECT_TRUE(made) << (made ? "" : made.error().text());
  return made ? std::move(*made) : nullptr;
}

// Counts what it is asked.
class Counting final : public dns::Resolver {
 public:
  explicit Counting(dns::Resolver& inner) : inner_(inner) {}
  net::Task<dns::Answer> ask(dns::Question question, net::Deadline deadline) override {
    asked.push_back(question.text());
    return inner_.ask(std::move(question), deadline);
  }
  std::vector<std::string> asked;

 private:
  dns::Resolver& inner_;
};

inline BodyHashes body_hashes(const message::Letter& letter) {
  BodyHashes out(letter.fields());
  out.feed(letter.body_bytes(letter.root()));
  out.finish();
  return out;
}

// A whole letter, judged at `now` (seconds since 1970).
class Judge {
 public:
  explicit Judge(dns::Resolver& resolver, std::int64_t now = 1'700'000'000)
      : resolver_(resolver), now_{now * 1'000'000}, executor_(clock_) {}
  Limits limits;

  Verdict operator()(std::string_view bytes) {
    const message::Letter letter(bytes);
    const BodyHashes bodies = body_hashes(letter);
    return executor_.run(task(letter.fields(), &bodies));
  }

 private:
  net::Task<Verdict> task(std::span<const message::Field> fields, const BodyHashes* bodies) {
    co_return co_await verify(resolver_, fields, *bodies, now_, limits, net::Deadline::in(std::chrono::seconds(10)));
  }

  dns::Resolver& resolver_;
  Time now_;
  ManualClock clock_;
  net::LocalExecutor executor_;
};

// The same by the code under test, in pieces of `step` octets.
inline std::string fast_canon(Canon canon, std::string_view body, std::size_t step) {
  std::string out;
  BodyCanon stream(canon, [&out](ByteView piece) { out += piece; });
  for (std::size_t at = 0; at < body.size(); at += step) stream.feed(body.substr(at, step));
  stream.finish();
  EXPECT_EQ(stream.size(), out.size());
  return out;
}

inline std::filesystem::path vectors() {
  const char* set = std::getenv("CHAPPE_VECTORS");
  return set != nullptr ? std::filesystem::path(set) : std::filesystem::path("../shared/vectors");
}

inline std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace chappe::trust::dkim
