#include "post/search/extractors.h"

#include <algorithm>

#include "base/text.h"
#include "codec/transfer.h"
#include "codec/utf8.h"
#include "message/body.h"

namespace chappe::post::search {

using message::Encoding;
using message::Letter;
using message::Part;

namespace {

const chappe::Event kExtractor("search.extractor", Level::warning, {"command", "outcome", "how"},
                               "A program of [[search.extractor]] did not give the text of an attachment, which "
                               "searches will not find by its words. Outcomes: failed, timeout, too_large (more input "
                               "than it may have), cut (it wrote more than it may, and the beginning is kept). The "
                               "same is told at most once an hour; the metric chappe_search_attachments_total counts "
                               "them all. Run the command by hand with such a file to see what it says.");

bool fits(std::string_view type, const Part& part, const std::string& file) {
  // RFC 2046 §4.5.1: octets of which the sender did not know what they are; the name may tell.
  if (type.starts_with('.'))
    return part.is("application", "octet-stream") && file.size() > type.size() &&
           iequals(std::string_view(file).substr(file.size() - type.size()), type);
  const std::size_t slash = type.find('/');
  const std::string_view subtype = type.substr(slash + 1);
  return iequals(part.type, type.substr(0, slash)) && (subtype == "*" || iequals(part.subtype, subtype));
}

// The content of a part, without its transfer encoding, piece by piece.
class PartInput {
 public:
  PartInput(const Letter& letter, const Part& part, const LetterOctets& octets)
      : encoding_(message::encoding_of(letter, part)), octets_(octets), at_(part.body), end_(part.end) {}

  Result<bool> operator()(Bytes& piece) {
    // A piece of an encoding may be nothing of the content.
    while (at_ < end_ && piece.empty()) {
      const Bytes raw = TRY(octets_(at_, std::min(Extractors::kStep, end_ - at_)));
      if (raw.empty()) break;
      at_ += raw.size();
      if (encoding_ == Encoding::base64)
        base64_.feed(raw, piece);
      else if (encoding_ == Encoding::quoted_printable)
        quoted_.feed(raw, piece);
      else
        piece += raw;
    }
    if (!piece.empty()) return true;
    at_ = end_;
    base64_.finish(piece);
    quoted_.finish(piece);
    return false;
  }

 private:
  const Encoding encoding_;
  const LetterOctets& octets_;
  std::uint64_t at_;
  const std::uint64_t end_;
  codec::Base64Decoder base64_;
  codec::QuotedPrintableDecoder quoted_;
};

// Less than this an encoding of so many octets hardly stands for: four characters for three, and line ends (RFC 2045
// §6.8), or three for one (§6.7).
std::uint64_t least_content(const Letter& letter, const Part& part) {
  const std::uint64_t size = part.end - part.body;
  switch (message::encoding_of(letter, part)) {
    case Encoding::base64:
      return size / 2;
    case Encoding::quoted_printable:
      return size / 3;
    default:
      return size;
  }
}

}  // namespace

bool is_extractor_type(std::string_view text) {
  const auto good = [](std::string_view word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) {
      return is_alpha(c) || is_digit(c) || std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
    });
  };
  if (text.starts_with('.')) return good(text.substr(1));
  // RFC 6838 §4.2; parts that are made of parts have no text of their own.
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view type = text.substr(0, slash), subtype = text.substr(slash + 1);
  return good(type) && !iequals(type, "multipart") && (subtype == "*" || good(subtype));
}

const Extractor* Extractors::extractor_of(const Letter& letter, const Part& part) const {
  if (part.kind != Part::Kind::leaf) return nullptr;
  const std::string file = part.is("application", "octet-stream") ? message::file_name_of(letter, part) : std::string();
  for (const Extractor& e : list_)
    if (std::ranges::any_of(e.types, [&](const std::string& type) { return fits(type, part, file); })) return &e;
  return nullptr;
}

bool Extractors::wants(const Letter& letter) const {
  return std::ranges::any_of(letter.parts(), [&](const Part& p) { return extractor_of(letter, p) != nullptr; });
}

void Extractors::say(const Extractor& extractor, ChildEnd end, const std::string& how) {
  if (!log_) return;
  const Steady now = system_clock().steady();
  const auto [last, first] = said_.try_emplace({&extractor, end}, now);
  if (!first && now - last->second < kQuiet) return;
  last->second = now;
  log_->event(kExtractor, extractor.command.front(), child_end_name(end), how);
}

Result<std::vector<std::string>> Extractors::texts_of(const Letter& letter, const LetterOctets& octets) {
  std::vector<std::string> out;
  std::size_t parts = 0, size = 0;
  const Steady until = system_clock().steady() + kMaxLetter;
  for (const Part& part : letter.parts()) {
    const Extractor* const extractor = extractor_of(letter, part);
    if (!extractor || part.end == part.body) continue;
    ChildLimits limits = extractor->limits;
    limits.time = std::min(limits.time, std::chrono::duration_cast<Duration>(until - system_clock().steady()));
    if (++parts > kMaxParts || limits.time <= Duration(0) || size >= kMaxLetterText) {
      ++counts_.skipped;
      continue;
    }
    ChildOutcome outcome{.end = ChildEnd::too_large, .output = {}, .how = {}};
    if (least_content(letter, part) <= limits.input) {
      limits.output = std::min<std::uint64_t>(limits.output, kMaxLetterText - size);
      outcome = TRY(run_child(extractor->command, limits, PartInput(letter, part, octets), stop_));
    }
    ++counts_.ends[static_cast<std::size_t>(outcome.end)];
    if (outcome.end != ChildEnd::ok) say(*extractor, outcome.end, outcome.how);
    // What a program writes is as little to be trusted as what it was given.
    size += outcome.output.size();
    if (!outcome.output.empty()) out.push_back(codec::utf8_repair(outcome.output));
  }
  return out;
}

}  // namespace chappe::post::search
