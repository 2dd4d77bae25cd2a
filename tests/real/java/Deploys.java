// SPDX-License-Identifier: GPL-2.0-only
// leak: redeploy() loads a class by a new loader and keeps an object of it: metaspace grows, 40/s

import java.util.ArrayList;
import java.util.List;

public class Deploys {
    public static class Plugin {
        int answers;

        public String hello() {
            return "hello " + answers++;
        }
    }

    static class Loader extends ClassLoader {
        Class<?> define(byte[] code) {
            return defineClass("Deploys$Plugin", code, 0, code.length);
        }
    }

    static final List<Object> kept = new ArrayList<>();

    static void redeploy(byte[] code) throws Exception {
        kept.add(new Loader().define(code).getDeclaredConstructor().newInstance());
    }

    public static void main(String[] arguments) throws Exception {
        byte[] code = Deploys.class.getResourceAsStream("Deploys$Plugin.class").readAllBytes();
        for (;; Thread.sleep(100))
            for (int i = 0; i < 4; i++)
                redeploy(code);
    }
}
