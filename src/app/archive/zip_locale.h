// Names in zips are UTF-8, whatever the locale of who runs the program: libarchive asks the thread's.
#pragma once

#include <locale.h>

namespace chappe::app {

class Utf8Locale {
 public:
  Utf8Locale() : own_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), before_(own_ ? uselocale(own_) : nullptr) {}
  ~Utf8Locale() {
    if (!own_) return;
    uselocale(before_);
    freelocale(own_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t own_, before_;
};

}  // namespace chappe::app
