// Stored rows of the index are octets read back: whatever they are, decoding ends in a value or an Error, and a value
// that was accepted can be written and read again. The first octet chooses the decoder.
#include "../../../tests/fuzz/fuzzing.h"
#include "post/search/rows.h"

using namespace chappe;                // NOLINT
using namespace chappe::post;          // NOLINT
using namespace chappe::post::search;  // NOLINT
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView in = fuzz::view(data, size);
  switch (fuzz::choose(in) % 9) {
    case 0:
      if (const auto v = decode_state(in)) check(decode_state(encode(*v)) == *v);
      break;
    case 1:
      if (const auto v = decode_document(in)) check(decode_document(encode(*v))->places == v->places);
      break;
    case 2:
      if (const auto v = decode_doc(in)) check(decode_doc(encode_doc(*v)) == *v);
      break;
    case 3:
      for (const std::uint32_t page : {0u, 1u, 4'194'303u})
        if (const auto v = decode_places(in, page)) check(decode_places(encode(*v, page), page)->rows == v->rows);
      break;
    case 4:
      if (const auto v = decode_lengths(in)) check(decode_lengths(encode(*v)) == *v);
      break;
    case 5:
      if (const auto v = decode_dates(in)) check(decode_dates(encode(*v)) == *v);
      break;
    case 6: {
      Bytes last;
      std::uint32_t n = 0;
      TermPageWriter again;
      const auto read = each_term(in, [&](const TermEntry& e) {
        check(!e.term.empty() && (n == 0 || e.term > last));
        last = e.term;
        ++n;
        again.add(e);
        return true;
      });
      if (!read) break;
      std::uint32_t m = 0;
      check(each_term(again.take(), [&](const TermEntry&) { return ++m > 0; }).has_value() && m == n);
      break;
    }
    case 7: {
      // Postings, then the places of each.
      Octets octets(in);
      PostingsReader reader(&octets, 5, 1000);
      PostingsWriter writer(5);
      Bytes written;
      std::vector<Posting> all;
      while (reader.next()) {
        check(all.empty() || reader.posting().doc > all.back().doc);
        all.push_back(reader.posting());
        writer.add(written, reader.posting());
      }
      Octets second(written);
      PostingsReader again(&second, 5, static_cast<std::uint32_t>(all.size()));
      std::vector<std::uint32_t> places;
      Octets from(in);
      for (const Posting& p : all) {
        check(again.next() && again.posting().doc == p.doc && again.posting().counts == p.counts);
        read_places(from, p, places);
        check(places.size() <= p.places());
      }
      break;
    }
    default:
      (void)place_of({7}, in);
      (void)post::search::page_of({7}, in);
  }
  return 0;
}
