#include "base/budget.h"

namespace chappe {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

constexpr std::array<PartRow, kParts> kRows = {{
    {Part::block_cache, "block_cache", 128 * kMiB, "Blocks of the store that were read.",
     "Blocs du magasin qui ont été lus."},
    {Part::memtables, "memtables", 128 * kMiB, "Writes of the store that wait to become files.",
     "Écritures du magasin en attente de devenir des fichiers."},
    {Part::in_flight, "in_flight", 128 * kMiB, "Bytes between sockets and the disk: letters coming in and going out.",
     "Octets entre les connexions et le disque : lettres qui entrent et qui sortent."},
    {Part::mailboxes, "mailboxes", 128 * kMiB, "The state of the mailboxes that are open.",
     "État des boîtes aux lettres ouvertes."},
    {Part::dns, "dns", 32 * kMiB, "Answers of the DNS that are remembered.", "Réponses du DNS gardées en mémoire."},
    {Part::password_hashing, "password_hashing", 128 * kMiB,
     "What Argon2 fills while passwords are checked; bounds how many are checked at once.",
     "Mémoire qu'Argon2 remplit pendant la vérification des mots de passe ; borne le nombre de vérifications "
     "simultanées."},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kParts; ++i)
    if (static_cast<std::size_t>(kRows[i].part) != i) return false;
  return true;
}
static_assert(in_order(), "kRows must stand in the order of Part");

}  // namespace

const std::array<PartRow, kParts>& budget_parts() { return kRows; }

void Lease::resize(std::size_t bytes) {
  if (!budget_) return;
  auto& used = budget_->used_[Budget::index(part_)].bytes;
  if (bytes > bytes_) {
    used.fetch_add(bytes - bytes_, std::memory_order_relaxed);
  } else {
    used.fetch_sub(bytes_ - bytes, std::memory_order_relaxed);
  }
  bytes_ = bytes;
}

Budget::Limits Budget::standard_limits() {
  Limits limits;
  for (std::size_t i = 0; i < kParts; ++i) limits[i] = kRows[i].standard;
  return limits;
}

Result<Lease> Budget::reserve(Part part, std::size_t bytes) {
  const std::string_view name = kRows[index(part)].name;
  if (bytes > limit(part)) return fail(Errc::too_large, "more than the memory budget '{}' holds", name);
  auto& used = used_[index(part)].bytes;
  std::size_t now = used.load(std::memory_order_relaxed);
  do {
    if (now > limit(part) - bytes) return fail(Errc::busy, "the memory budget '{}' is used up", name);
  } while (!used.compare_exchange_weak(now, now + bytes, std::memory_order_relaxed));
  return Lease(this, part, bytes);
}

Lease Budget::take(Part part, std::size_t bytes) {
  used_[index(part)].bytes.fetch_add(bytes, std::memory_order_relaxed);
  return Lease(this, part, bytes);
}

}  // namespace chappe
