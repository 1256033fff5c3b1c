// What a summary costs a letter on its way in, by what it is written in: the scanning alone, and with the digest. The
// digest is made in one turn of a shard.
#include <benchmark/benchmark.h>

#include "codec/transfer.h"
#include "message/letter_stream.h"
#include "post/mailbox/summary.h"

namespace chappe::post {
namespace {

std::string newsletter(std::size_t size) {
  std::string out = "<html><head><style>";
  while (out.size() < size / 4) out += ".c { margin: 0 auto; padding: 4px 8px; color: #334455 }\n";
  out += "</style></head><body>";
  while (out.size() < size)
    out +=
        "<table width=\"100%\"><tr><td class='x'><a href=\"https://example.org/?a=1&amp;b=2\">Bonjour &agrave; "
        "tous</a>&nbsp;et encore quelques mots</td></tr></table>\r\n";
  return out;
}

// Of which nothing is shown: all that is looked at is gone through.
std::string blank(std::size_t size) {
  std::string out;
  while (out.size() < size) out += "<td alt=\"\" width=1>&nbsp;</td>&#847;\r\n";
  return out;
}

std::string letter_of(const std::string& type, const std::string& encoding, const std::string& body) {
  return "From: a@example.test\r\nSubject: x\r\nContent-Type: " + type + "\r\nContent-Transfer-Encoding: " + encoding +
         "\r\n\r\n" + body;
}

void digest(benchmark::State& state, const std::string& letter) {
  std::size_t worst = 0;
  for (auto _ : state) {
    message::LetterStream stream(kLook);
    for (std::size_t at = 0; at < letter.size(); at += 16 * 1024) stream.feed(ByteView(letter).substr(at, 16 * 1024));
    const message::Letter outline = stream.finish();
    const auto began = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(digest_of(letter.size(), outline, 0).summary.size());
    const auto took = std::chrono::steady_clock::now() - began;
    state.SetIterationTime(std::chrono::duration<double>(took).count());
    worst = std::max(worst, static_cast<std::size_t>(took / std::chrono::microseconds(1)));
  }
  state.counters["worst_us"] = static_cast<double>(worst);
}

constexpr std::size_t kSize = 100'000;
const auto kBenches = [] {
  const auto add = [](const char* name, const std::string& letter) {
    benchmark::RegisterBenchmark(name, digest, letter)->UseManualTime()->Unit(benchmark::kMicrosecond);
  };
  add("summary/plain", letter_of("text/plain; charset=utf-8", "8bit", std::string(kSize, 'a')));
  add("summary/html", letter_of("text/html; charset=utf-8", "8bit", newsletter(kSize)));
  add("summary/html_quoted",
      letter_of("text/html; charset=utf-8", "quoted-printable", codec::quoted_printable_encode(newsletter(kSize))));
  add("summary/html_base64",
      letter_of("text/html; charset=utf-8", "base64", codec::mime_base64_encode(newsletter(kSize))));
  add("summary/html_blank", letter_of("text/html; charset=utf-8", "8bit", blank(kSize)));
  add("summary/html_japanese", letter_of("text/html; charset=iso-2022-jp", "7bit", blank(kSize)));
  add("summary/html_latin", letter_of("text/html; charset=windows-1252", "8bit", blank(kSize)));
  return 0;
}();

}  // namespace
}  // namespace chappe::post
