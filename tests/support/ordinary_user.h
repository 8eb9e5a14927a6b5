#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

namespace evenkeel {

/// A user whom permissions bind: root is made nobody for as long as this lives.
class OrdinaryUser {
 public:
  OrdinaryUser() : was_root_(geteuid() == 0 && seteuid(65534) == 0) {}
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;
  ~OrdinaryUser() { EXPECT_TRUE(!was_root_ || seteuid(0) == 0); }

 private:
  bool was_root_;
};

}  // namespace evenkeel
