# Every dependency is a Debian package (packages.txt).
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(dnnl REQUIRED CONFIG)
find_package(hwy REQUIRED CONFIG)
find_package(fmt REQUIRED CONFIG)
find_package(tomlplusplus REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(CURL REQUIRED)
find_package(LibArchive REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
# Debian 12's libdeflate brings no CMake package: linked by name; this only says early that it is missing.
find_library(LIBDEFLATE deflate REQUIRED)
# Headers only.
find_package(Boost REQUIRED)
