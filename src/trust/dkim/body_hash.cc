#include "trust/dkim/body_hash.h"

#include <algorithm>
#include <array>
#include <variant>

namespace chappe::trust::dkim {
namespace {

// One hash over the first octets of a canonical body.
class Summing {
 public:
  explicit Summing(const BodyHashKind& kind) : left_(kind.length) {
    if (kind.digest == crypto::DigestKind::sha1) sum_.emplace<crypto::Sha1>();
  }
  void update(ByteView piece) {
    if (left_) {
      piece = piece.substr(0, *left_);
      *left_ -= piece.size();
    }
    std::visit([piece](auto& sum) { sum.update(piece); }, sum_);
  }
  Bytes finish() {
    if (auto* sha1 = std::get_if<crypto::Sha1>(&sum_)) {
      const auto octets = sha1->finish();
      return {octets.data(), octets.size()};
    }
    return Bytes(std::get<crypto::Sha256>(sum_).finish().view());
  }

 private:
  std::variant<crypto::Sha256, crypto::Sha1> sum_;
  std::optional<std::uint64_t> left_;
};

// All hashes over one canonical form. Small pieces are gathered: what a call of a hash costs is as much as the sum of a
// line.
class Sums {
 public:
  void add(const BodyHashKind& kind, std::size_t index) { sums_.emplace_back(Summing(kind), index); }
  bool empty() const { return sums_.empty(); }
  void operator()(ByteView piece) {
    if (piece.size() > kSmall) {
      flush();
      update(piece);
      return;
    }
    if (piece.size() > gathered_.size() - size_) flush();
    std::copy(piece.begin(), piece.end(), gathered_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += piece.size();
  }
  void finish(std::vector<BodyHash>& hashes, std::uint64_t octets) {
    flush();
    for (auto& [sum, index] : sums_) {
      hashes[index].hash = sum.finish();
      hashes[index].octets = octets;
    }
  }

 private:
  static constexpr std::size_t kSmall = 256;
  void flush() {
    if (size_ > 0) update({gathered_.data(), size_});
    size_ = 0;
  }
  void update(ByteView piece) {
    for (auto& [sum, index] : sums_) sum.update(piece);
  }

  std::vector<std::pair<Summing, std::size_t>> sums_;
  std::array<char, 4 * kSmall> gathered_;
  std::size_t size_ = 0;
};

}  // namespace

struct BodyHashes::Streams {
  BodyCanon<Sums> simple{Canon::simple, Sums()};
  BodyCanon<Sums> relaxed{Canon::relaxed, Sums()};
};

BodyHashes::BodyHashes(std::span<const message::Field> header, std::optional<BodyHashKind> also) {
  if (also) want(*also);
  std::size_t dkim = 0, arc = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool is_dkim = header[i].id() == message::FieldName::dkim_signature;
    if (!is_dkim && header[i].id() != message::FieldName::arc_message_signature) continue;
    if ((is_dkim ? dkim : arc)++ >= kMaxSignatures) continue;
    Signature s = parse_signature(header[i], is_dkim ? Form::dkim : Form::arc_message);
    if (!s.fault) want({s.body_canon, s.digest_kind, s.length});
    if (is_dkim) read_.emplace_back(i, std::move(s));
  }
  begin();
}

BodyHashes::BodyHashes(std::span<const BodyHashKind> kinds) {
  for (const BodyHashKind& kind : kinds) want(kind);
  begin();
}

BodyHashes::~BodyHashes() = default;
BodyHashes::BodyHashes(BodyHashes&&) noexcept = default;
BodyHashes& BodyHashes::operator=(BodyHashes&&) noexcept = default;

void BodyHashes::want(const BodyHashKind& kind) {
  if (hashes_.size() < kMax && find(kind) == nullptr) hashes_.push_back({kind, {}});
}

void BodyHashes::begin() {
  if (hashes_.empty()) return;
  streams_ = std::make_unique_for_overwrite<Streams>();
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    const BodyHashKind& kind = hashes_[i].kind;
    (kind.canon == Canon::simple ? streams_->simple : streams_->relaxed).sink().add(kind, i);
  }
}

void BodyHashes::feed(ByteView body) {
  if (!streams_) return;
  for (auto* stream : {&streams_->simple, &streams_->relaxed})
    if (!stream->sink().empty()) stream->feed(body);
}

void BodyHashes::feed(const ChunkList& body) {
  for (const Chunk& chunk : body.chunks()) feed(chunk.view());
}

void BodyHashes::finish() {
  if (!streams_) return;
  for (auto* stream : {&streams_->simple, &streams_->relaxed}) {
    if (stream->sink().empty()) continue;
    stream->finish();
    stream->sink().finish(hashes_, stream->size());
  }
  streams_.reset();
}

Signature BodyHashes::signature(std::span<const message::Field> header, std::size_t field) const {
  const auto found = std::ranges::lower_bound(read_, field, {}, &decltype(read_)::value_type::first);
  if (found != read_.end() && found->first == field) return found->second;
  return parse_signature(header[field]);
}

const BodyHash* BodyHashes::find(const BodyHashKind& kind) const {
  const auto found = std::ranges::find(hashes_, kind, &BodyHash::kind);
  return found == hashes_.end() ? nullptr : &*found;
}

}  // namespace chappe::trust::dkim
