// SPDX-License-Identifier: GPL-2.0-only
// healthy: direct buffers that nobody keeps, 300 KB/s, and garbage, so that they are collected

import java.nio.ByteBuffer;

public class Buffers {
    static volatile byte[] garbage;

    public static void main(String[] arguments) throws Exception {
        for (;; Thread.sleep(100)) {
            for (int i = 0; i < 3; i++)
                ByteBuffer.allocateDirect(10000).put(0, (byte) 1);
            for (int i = 0; i < 20; i++)
                garbage = new byte[50000];
        }
    }
}
